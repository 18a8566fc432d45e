"""Gunicorn's own lines through the service's pipeline; no access log beside the application's."""

from datetime import timedelta
from typing import Any

from gunicorn.config import Config
from gunicorn.glogging import Logger

from lifecycle.logs import configure
from lifecycle.settings import load


class GunicornLog(Logger):  # type: ignore[misc]  # Gunicorn publishes no types
    def setup(self, cfg: Config) -> None:  # noqa: ARG002 - Gunicorn's signature
        settings = load()
        configure(settings.log_level, settings.log_format)
        self.error_log.propagate = True

    def debug(self, msg: str, *args: Any, **kwargs: Any) -> None:
        """Those with something put in repeat what a client sent: the path and query of every request among them."""
        if not args:
            super().debug(msg, **kwargs)

    def access(self, resp: Any, req: Any, environ: dict[str, Any], request_time: timedelta) -> None:
        """The application logs each answer, with its request id."""
