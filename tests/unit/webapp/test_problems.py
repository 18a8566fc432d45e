from pathlib import Path

import orjson
import pytest

from webapp.faults import Fault
from webapp.problems import INVALID_REQUEST, NOT_FOUND, PROBLEMS, ProblemError, as_markdown

ROOT = Path(__file__).parents[3]


def test_the_documented_problems_are_those_of_the_table():
    """Mend by: python -c "from webapp.problems import as_markdown; print(as_markdown(), end='')" > docs/problems.md"""
    assert (ROOT / "docs" / "problems.md").read_text(encoding="utf-8") == as_markdown()


@pytest.mark.parametrize("kind", PROBLEMS.values(), ids=lambda kind: kind.slug)
def test_every_problem_tells_what_it_is_and_the_way_out(kind):
    assert 400 <= kind.status < 600
    assert PROBLEMS[kind.slug] is kind
    assert all(text.endswith(".") for text in (kind.meaning, kind.way_out))


def test_a_body_is_an_rfc_9457_document():
    assert orjson.loads(ProblemError(NOT_FOUND, "Nothing here.").body("id-12345")) == {
        "type": "/problems/not-found",
        "title": "There is nothing at this address",
        "status": 404,
        "detail": "Nothing here.",
        "instance": "urn:picklefleet:request:id-12345",
        "request_id": "id-12345",
    }


def test_faults_are_listed_with_their_total():
    problem = ProblemError(INVALID_REQUEST, "Wrong.", faults=[Fault("/a", "Bad.")], total_faults=700)

    document = orjson.loads(problem.body("id-12345"))
    assert document["errors"] == [{"pointer": "/a", "detail": "Bad."}]
    assert document["total_errors"] == 700
