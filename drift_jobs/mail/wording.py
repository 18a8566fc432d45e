"""Names and numbers as a person reads them. Whatever comes from a model's names is made harmless here."""

import unicodedata
from collections.abc import Mapping
from typing import Any

NAME_WIDTH = 48
PROSE_WIDTH = 600

# line breaks, control and format characters: they could forge a header or turn the reading direction
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def name_of(text: str, width: int = NAME_WIDTH) -> str:
    """A feature's, label's or model's name on one line, cut in its middle where it is too long."""
    plain = printable(text)
    if len(plain) <= width:
        return plain
    kept = width - 1
    return f"{plain[: kept - kept // 3]}…{plain[len(plain) - kept // 3 :]}"


def printable(text: str) -> str:
    """On one line; what can't be seen is shown as ·, so that two different names never look the same."""
    if text.isprintable():
        return text
    return "".join("·" if unicodedata.category(letter) in _UNPRINTABLE else letter for letter in text)


def cleaned(value: Any) -> Any:
    """A document with every text in it printable and of bounded length."""
    if isinstance(value, str):
        plain = printable(value)
        return plain if len(plain) <= PROSE_WIDTH else f"{plain[: PROSE_WIDTH - 1]}…"
    if isinstance(value, Mapping):
        return {key: cleaned(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [cleaned(each) for each in value]
    return value


def number(value: float | None) -> str:
    """Three or four digits that matter; nothing where there is no number."""
    if value is None:
        return ""
    if value == 0 or 0.001 <= abs(value) < 1:
        return f"{value:.3f}"
    return f"{value:.4g}" if abs(value) < 1e5 else f"{value:.2g}"


def share(value: float) -> str:
    """A share of rows: never 0% for something, never 100% for not all."""
    if 0 < value < 0.001:
        return "<0.1%"
    if 0.999 < value < 1:
        return ">99.9%"
    return f"{value:.0%}" if value in {0, 1} or 0.0995 <= value < 0.995 else f"{value:.1%}"


def counted(amount: int, one: str, many: str = "") -> str:
    return f"{amount:,} {one if amount == 1 else many or one + 's'}"


def joined(names: tuple[str, ...], most: int = 4) -> str:
    """`a, b, c and 5 more`."""
    told = names[:most] if len(names) > most else names
    left = len(names) - len(told)
    if left:
        return f"{', '.join(told)} and {left:,} more"
    return told[0] if len(told) == 1 else f"{', '.join(told[:-1])} and {told[-1]}" if told else ""
