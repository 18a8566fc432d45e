"""Every setting of every process: one table, one reader of the environment, one page."""

from lifecycle.settings.page import markdown
from lifecycle.settings.reading import (
    Row,
    describe,
    digest,
    environment_for,
    load,
    plain_environment,
)
from lifecycle.settings.table import FILE, PREFIX, Setting, Settings, declared

__all__ = [
    "FILE",
    "PREFIX",
    "Row",
    "Setting",
    "Settings",
    "declared",
    "describe",
    "digest",
    "environment_for",
    "load",
    "markdown",
    "plain_environment",
]
