"""The base of all schemas of this interface."""

from marshmallow import RAISE, Schema

from webapp.explanation import UNKNOWN_FIELD


class Strict(Schema):
    """An object that says what it does not know instead of dropping it."""

    error_messages = {"type": "Must be an object.", "unknown": UNKNOWN_FIELD}  # noqa: RUF012 - Marshmallow's way

    class Meta:
        """Marshmallow's options."""

        unknown = RAISE
