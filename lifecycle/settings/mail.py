"""Which settings of the nightly mail do not go together."""

from collections.abc import Iterator

from lifecycle.listening import beyond_loopback
from lifecycle.settings.table import PREFIX, Settings


def mail_contradictions(settings: Settings) -> Iterator[str]:
    """Sentences; none where no mail is sent."""
    if not settings.smtp_host:
        if settings.mail_to:
            yield f"{PREFIX}MAIL_TO needs a server to send through: set {PREFIX}SMTP_HOST."
        return
    if not (settings.mail_from and settings.mail_to):
        yield f"{PREFIX}SMTP_HOST needs both {PREFIX}MAIL_FROM and {PREFIX}MAIL_TO."
    if settings.smtp_security == "none" and beyond_loopback(settings.smtp_host, ""):
        yield (
            f"{PREFIX}SMTP_SECURITY can't be none for a server beyond this machine: "
            "mails and the password would travel in the clear."
        )
    if bool(settings.smtp_user) != bool(settings.smtp_password):
        yield f"{PREFIX}SMTP_USER and {PREFIX}SMTP_PASSWORD go together: set both or neither."
