"""GET /docs: the model's card, its columns, a command that works and a form to try it. Needs no other host."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import orjson
from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from lifecycle.signature import Feature, Label, label_text
from webapp import edge, limits
from webapp.context import request_id, served, service, to_response
from webapp.feedback_schemas import MAX_ITEMS, example_actual
from webapp.page import html_response
from webapp.problems import MEDIA_TYPE, PROBLEMS, ProblemError
from webapp.traffic import Served

SHOWN_CATEGORIES = 12

Control = Literal["number", "choice", "suggestions", "text", "paragraph"]

blueprint = Blueprint("documentation", __name__, static_folder="static", static_url_path="/docs/static")


@dataclass(frozen=True, slots=True)
class FeatureCard:
    """One feature as the page shows it; `choices` and `value` are JSON texts, so that the form keeps types."""

    feature: Feature
    control: Control
    choices: tuple[tuple[str, str], ...]
    value: str

    @property
    def shown(self) -> tuple[str, ...]:
        return tuple(label_text(category) for category in self.feature.categories[:SHOWN_CATEGORIES])

    @property
    def hidden(self) -> int:
        return max(0, len(self.feature.categories) - SHOWN_CATEGORIES)


@blueprint.get("/")
def home() -> BaseResponse:
    return redirect(url_for("documentation.show"))


@blueprint.errorhandler(ProblemError)
def ask_for_key(problem: ProblemError) -> Response:
    """A browser sends no key by itself: a person gets a page that takes one, and asks again with it."""
    answer = edge.answer_to_error(service(), problem, request_id())
    if problem.kind.status not in {401, 403} or not _is_browser():
        return to_response(answer)
    page = html_response(render_template("key.html", detail=problem.detail, address=request.base_url))
    page.status_code = answer.status
    page.headers.extend(problem.headers)
    page.headers["Vary"] = "Accept"
    return page


@blueprint.get("/docs")
def show() -> Response:
    ready, address, keys = served(), request.host_url.rstrip("/"), service().gate.closed
    return html_response(
        render_template(
            "docs.html",
            model=ready.model,
            cards=cards(ready),
            curl=curl(ready, address, keys=keys),
            feedback_curl=feedback_curl(ready, address, keys=keys),
            keys=keys,
            problems=PROBLEMS.values(),
            label_text=label_text,
            max_rows=service().limits.max_rows,
            limits=limits.document(service().limits),
            max_items=MAX_ITEMS,
        )
    )


def _is_browser() -> bool:
    """Whether HTML is wanted before a problem document; who wants anything gets that one."""
    return request.accept_mimetypes["text/html"] > request.accept_mimetypes[MEDIA_TYPE]


def curl(ready: Served, address: str, *, keys: bool = False) -> str:
    """A command that works as it stands, with one of the model's golden rows; `keys`: with your key exported."""
    return _command(f"{address}/api/v1/predict", {"instances": [dict(ready.example)]}, keys)


def feedback_curl(ready: Served, address: str, *, keys: bool = False) -> str:
    """The same for a true value; the prediction id is the reader's to put in."""
    item = {"prediction_id": "…", "actual": example_actual(ready.model.signature.outputs)}
    return _command(f"{address}/api/v1/feedback", {"items": [item]}, keys)


def _command(address: str, body: Mapping[str, Any], keys: bool) -> str:
    key = '  -H "Authorization: Bearer $API_KEY" \\\n' if keys else ""
    data = shlex.quote(orjson.dumps(body).decode())
    return f"curl -s {shlex.quote(address)} \\\n{key}  -H 'Content-Type: application/json' \\\n  -d {data}"


def cards(ready: Served) -> list[FeatureCard]:
    return [_card(feature, ready.example.get(feature.name)) for feature in ready.model.signature.inputs]


def _card(feature: Feature, example: Any) -> FeatureCard:
    choices = tuple((_json(value), label_text(value)) for value in _choices(feature))
    return FeatureCard(feature, _control(feature), choices, _json(example))


def _choices(feature: Feature) -> tuple[Label, ...]:
    return (True, False) if feature.kind == "boolean" else feature.categories


def _control(feature: Feature) -> Control:
    if feature.kind in {"number", "integer"}:
        return "number"
    if feature.kind == "text":
        return "paragraph"
    closed = feature.unknown == "refuse" or not all(isinstance(value, str) for value in feature.categories)
    if feature.kind == "boolean" or (feature.categories and closed):
        return "choice"
    return "suggestions" if feature.categories else "text"


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
