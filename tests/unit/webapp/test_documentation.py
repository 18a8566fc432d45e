import json
import re
import shlex
from html.parser import HTMLParser
from typing import Any

import pytest

from lifecycle.prediction import mint, row_id
from lifecycle.signature import Output, Signature
from tests import builders
from tests.builders import BuiltModel
from tests.serving import KEY, client_for
from webapp.problems import PROBLEMS

BUILT = (builders.classifier, builders.multiclass, builders.multi_output, builders.text, builders.all_kinds)


class Page(HTMLParser):
    """The elements of a page, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, Any]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, Any]]:
        return [attributes for name, attributes in self.elements if name == tag]


def page_of(built: BuiltModel, path: str = "/docs") -> Page:
    response = client_for(built).get(path)
    assert (response.status_code, response.content_type) == (200, "text/html; charset=utf-8")
    return Page(response.get_data(as_text=True))


def test_the_root_leads_to_the_documentation(client):
    response = client.get("/")

    assert (response.status_code, response.headers["Location"]) == (302, "/docs")


@pytest.mark.parametrize("build", BUILT)
def test_the_command_on_the_page_works(build):
    built = build()
    command = re.search(r"curl -s .*?(?=\n\n|\n\s*Try it|$)", page_of(built).text, re.DOTALL)
    assert command
    words = shlex.split(command[0].strip())

    assert words[:3] == ["curl", "-s", "http://localhost/api/v1/predict"]
    body = words[words.index("-d") + 1]
    response = client_for(built).post("/api/v1/predict", data=body, content_type="application/json")
    assert response.status_code == 200


@pytest.mark.parametrize("build", BUILT)
def test_the_command_for_feedback_works_with_the_id_of_a_prediction(build):
    built = build()
    command = re.search(r"curl -s [^ ]*/api/v1/feedback.*?\}'", page_of(built).text, re.DOTALL)
    assert command
    words = shlex.split(command[0])
    body = words[words.index("-d") + 1].replace("…", row_id(mint(KEY, 1), 0))

    client = client_for(built, record_feedback=lambda _: True)
    response = client.post("/api/v1/feedback", data=body, content_type="application/json")
    assert response.get_json()["accepted"] == 1


@pytest.mark.parametrize("build", BUILT)
def test_the_form_has_a_control_for_each_feature_filled_from_the_golden_row(build):
    built = build()
    page = page_of(built)
    controls = [attributes for _, attributes in page.elements if "data-name" in attributes]

    assert [control["data-name"] for control in controls] == list(built.model.signature.names)
    for control in controls:
        if "data-value" in control:
            assert json.loads(control["data-value"]) == built.rows[0][control["data-name"]]


def test_choices_keep_their_json_type():
    page = page_of(builders.all_kinds())

    values = [option["value"] for option in page.all("option")]
    assert {"true", "false", '"basic"', '"plus"', "1", "2", "3", "null"} <= set(values)


def test_the_card_tells_name_version_digest_and_every_feature():
    text = page_of(builders.classifier()).text

    for shown in (
        "flights",
        "v1",
        "000000000000",
        "delay",
        "carrier",
        "category",
        "UA",
        "predict_proba",
        "on time",
    ):
        assert shown in text


def test_the_page_takes_nothing_from_anywhere_else_and_runs_nothing_inline():
    page = page_of(builders.all_kinds())

    assert all(script.get("src", "").startswith("/docs/static/") for script in page.all("script"))
    addresses = [a.get("href") or a.get("src") for _, a in page.elements if a.get("href") or a.get("src")]
    assert all(address.startswith(("/", "#", "data:,")) for address in addresses)
    assert not [a for _, a in page.elements if "style" in a or any(name.startswith("on") for name in a)]


def test_every_address_on_the_page_is_there(client):
    addresses = {a["href"] for a in page_of(builders.classifier()).all("a") if not a["href"].startswith("#")}

    for address in addresses | {"/docs/static/page.css", "/docs/static/try.js"}:
        with client.get(address) as response:
            assert response.status_code == 200, address


def test_a_feature_s_name_is_never_taken_for_html():
    name = '<script>alert("1")</script>'
    signature = Signature(
        (builders.number(name, nullable=False),), (Output("y0", "regression"),), layout="matrix"
    )
    page = page_of(builders.built(builders.Answering(), signature, [{name: 1.0}]))

    assert name in page.text
    assert len(page.all("script")) == 1


@pytest.mark.parametrize("slug", PROBLEMS)
def test_every_problem_has_a_page_with_the_way_out(slug):
    text = page_of(builders.classifier(), f"/problems/{slug}").text

    assert PROBLEMS[slug].meaning in text
    assert PROBLEMS[slug].way_out in text


def test_problem_pages_need_no_model():
    client = client_for(None)

    assert client.get("/problems").status_code == 200
    assert client.get("/problems/not-ready").status_code == 200
