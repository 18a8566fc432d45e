"""How much of a head Gunicorn's parser may be shown before it must have come to its verdict."""

from dataclasses import dataclass
from typing import Any

from gunicorn.http.message import DEFAULT_MAX_HEADERFIELD_SIZE, MAX_HEADERS, MAX_REQUEST_LINE

_SLACK = 16 * 1024  # one read more than its own bounds, so that it meets them


@dataclass(frozen=True, slots=True)
class HeadLimits:
    """Bytes: of one field, and of the whole head."""

    field: int
    head: int

    @classmethod
    def of(cls, cfg: Any) -> "HeadLimits":
        """As Gunicorn works them out of its settings."""
        fields = cfg.limit_request_fields
        if not 0 < fields <= MAX_HEADERS:
            fields = MAX_HEADERS
        field = cfg.limit_request_field_size or DEFAULT_MAX_HEADERFIELD_SIZE
        line = cfg.limit_request_line if 0 < cfg.limit_request_line < MAX_REQUEST_LINE else MAX_REQUEST_LINE
        return cls(field, fields * (field + 2) + line + _SLACK)
