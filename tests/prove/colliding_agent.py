"""An agent that names segments by their number alone: the broken twin, which two machines may not run at once."""

from agent import conversion
from agent.__main__ import agent

_segment_key = conversion.segment_key


def _numbered_key(kind, hour, name):
    return _segment_key(kind, hour, name.rsplit("-", 1)[1])


if __name__ == "__main__":
    conversion.segment_key = _numbered_key
    agent()
