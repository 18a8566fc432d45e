"""Pages and notices as text and HTML. Autoescaped, nothing from another host, and no text that was not cleaned."""

import base64
import textwrap
from collections.abc import Callable
from dataclasses import asdict
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from drift_jobs.mail import heat
from drift_jobs.mail.page import Page
from drift_jobs.mail.wording import cleaned, name_of

LINE_WIDTH = 78

Source = Callable[[dict[str, Any]], str]


def night_text(page: Page) -> str:
    return _filled("night.txt", page=cleaned(asdict(page)), heat_signs=heat.SIGNS)


def night_html(page: Page, src: Source, *, kept: bool = False) -> str:
    """`src` says where a picture is; `kept` for a page that stands for itself, outside of a mail."""
    return _filled(
        "night.html",
        page=cleaned(asdict(page)),
        title=cleaned(page.verdict.subject),
        preheader=cleaned(" ".join(page.changes)),
        src=src,
        kept=kept,
        heat_legend=heat.LEGEND,
    )


def notice_text(words: dict[str, Any]) -> str:
    return _filled("notice.txt", notice=cleaned(words))


def notice_html(title: str, words: dict[str, Any]) -> str:
    notice = cleaned(words)
    return _filled("notice.html", notice=notice, title=cleaned(title), preheader="", kept=False)


def in_place(picture: dict[str, Any]) -> str:
    """The picture inside of the page."""
    return f"data:image/png;base64,{base64.b64encode(picture['png']).decode('ascii')}"


def _filled(template: str, **values: Any) -> str:
    return _environment().get_template(template).render(values)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("drift_jobs.mail"),
        autoescape=select_autoescape(("html",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"fold": _fold, "short": name_of}
    return environment


def _fold(text: str, indent: str = "") -> str:
    """A paragraph of lines that a terminal or a phone shows whole."""
    return textwrap.fill(text, LINE_WIDTH, subsequent_indent=indent, break_long_words=True)
