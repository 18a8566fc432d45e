"""A KeyLimit → the parts of HAProxy's configuration that hold it. Pure."""

from collections.abc import Iterator
from pathlib import Path
from string import Template

from lifecycle.key_limit import KeyLimit

POLICY = "key"  # the name of the one policy in the RateLimit headers

_RULES = Path(__file__).with_name("key_limit.cfg.template")
_TABLE = """# An entry is forgotten when its bucket has long been full.
backend keys from base
    stick-table type binary len 32 size 100k expire 30m store gpt0
"""


def parts(limit: KeyLimit | None, answer: str, *, told: bool) -> dict[str, str]:
    """What the template has places for, empty without a limit. `answer` is that of 429; `told`: by headers."""
    if limit is None:
        return {"key_rules": "", "key_headers": "", "key_table": ""}
    rules = Template(_RULES.read_text(encoding="utf-8")).substitute(
        interval_us=limit.interval_us, refill_us=limit.refill_us, answer=answer
    )
    headers = "\n".join(_headers(limit) if told else ())
    return {"key_rules": rules.rstrip("\n"), "key_headers": headers, "key_table": _TABLE}


def _headers(limit: KeyLimit) -> Iterator[str]:
    policy = f'\\"{POLICY}\\";q={limit.burst_here};w={limit.refill_s}'
    left = f'\\"{POLICY}\\";r=%[var(txn.left)];t=%[var(txn.full_s)]'
    for name, value in (("RateLimit-Policy", policy), ("RateLimit", left)):
        yield f'    http-after-response set-header {name} "{value}" if {{ var(txn.left) -m found }}'
