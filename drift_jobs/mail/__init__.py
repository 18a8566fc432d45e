"""A night's report as something people read: a mail, a page that is kept, and the outbox that sees to it."""
