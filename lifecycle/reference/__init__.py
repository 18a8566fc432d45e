"""A labelled reference in, its profile out: done once, at registration."""
