"""Structured logs: one JSON object a line on stderr, for our own events and for every library's.

Event names are static; what varies stands in fields. Identifiers belong in a log, a client's values never.
"""

import logging
import logging.config
import sys
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import orjson
import structlog
from structlog.typing import Processor

from lifecycle import clock
from lifecycle.log_lines import json_line, text_line

_MAX_FRAMES = 20
# loggers that bring handlers of their own and would write past ours
_FOREIGN = ("gunicorn.error", "gunicorn.access", "werkzeug")

_plain_lines = [False]
# structlog's own way looks through every variable there is, several times a request
_bound: ContextVar[Mapping[str, str]] = ContextVar("bound", default={})  # noqa: B039 - it is never changed in place
_gathered: ContextVar[list[str] | None] = ContextVar("gathered", default=None)


def configure(level: str, format: str) -> None:  # noqa: A002 - the setting's own name
    """Send everything through one pipeline from now on; `level` and `format` are the settings' values."""
    _plain_lines[0] = format == "json" and level in {"debug", "info"}
    logging.config.dictConfig(stdlib_config(level, format))
    logging.captureWarnings(capture=True)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_shared(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def stdlib_config(level: str, format: str) -> dict[str, Any]:  # noqa: A002 - the setting's own name
    """The same pipeline for `logging.config.dictConfig`, for a program that configures logging by itself."""
    own = {"level": level.upper(), "handlers": ["stderr"]}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"pipeline": {"()": lambda: _formatter(format)}},
        "handlers": {
            "stderr": {"class": "logging.StreamHandler", "formatter": "pipeline", "stream": sys.stderr}
        },
        "root": own,
        "loggers": {name: {"handlers": [], "propagate": True, "level": level.upper()} for name in _FOREIGN},
    }


def get_logger(name: str) -> Any:
    """A structlog logger: `log.info("bundle_ready", version="v7")`. May be made at import; it opens nothing."""
    return structlog.stdlib.get_logger(name)


def log_plain(logger: str, event: str, **fields: str | float) -> None:
    """A line of level info whose every field is known to be harmless and short: the pipeline would cost a request
    more than its prediction. It is the pipeline's own line; where that is not for machines, it goes through it.
    """
    if not _plain_lines[0]:
        get_logger(logger).info(event, **fields)
        return
    head = {"timestamp": clock.timestamp_now(), "level": "info", "event": event, "logger": logger}
    line = orjson.dumps({**head, **_bound.get(), **fields}).decode()
    gathered = _gathered.get()
    if gathered is None:
        sys.stderr.write(f"{line}\n")
    else:
        gathered.append(line)


@contextmanager
def plain_lines_together() -> Iterator[None]:
    """What this thread logs by `log_plain` meanwhile is written at the end, in one go."""
    lines: list[str] = []
    before = _gathered.set(lines)
    try:
        yield
    finally:
        _gathered.reset(before)
        if lines:
            sys.stderr.write("\n".join([*lines, ""]))


def bind(**fields: str) -> None:
    """Every line that this thread or task logs from here on carries these fields too."""
    _bound.set({**_bound.get(), **fields})


def bound() -> Mapping[str, str]:
    """What is bound now, to be bound again by `rebind`."""
    return _bound.get()


def rebind(fields: Mapping[str, str]) -> None:
    """These fields and no others; an empty mapping forgets all."""
    _bound.set(fields)


def _formatter(format_: str) -> logging.Formatter:
    return structlog.stdlib.ProcessorFormatter(
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            json_line if format_ == "json" else text_line,
        ],
        foreign_pre_chain=_shared(),
    )


def _shared() -> list[Processor]:
    exceptions = structlog.tracebacks.ExceptionDictTransformer(show_locals=False, max_frames=_MAX_FRAMES)
    return [
        merge_bound,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        _timestamp,
        structlog.processors.ExceptionRenderer(exceptions),
    ]


def merge_bound(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor."""
    for name, value in _bound.get().items():
        event.setdefault(name, value)
    return event


def _timestamp(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    event["timestamp"] = clock.timestamp(clock.now())
    return event
