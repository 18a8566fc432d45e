"""Every malformed input that the issue lists: its exact status, and its exact problem but for the request's id."""

from typing import Any

import orjson
import pytest

from tests import builders
from tests.builders import without
from webapp.problems import PROBLEMS

REQUEST_ID = "malformed-input-test"
ROW = {"delay": 1.5, "hour": 9, "carrier": "UA"}
UNKNOWN = "The model's contract has no field of this name."
ALL_KINDS = builders.all_kinds().rows[0]


def body_of(*rows: Any) -> bytes:
    return orjson.dumps({"instances": list(rows)})


def problem_of(client, body: bytes, **changes: Any) -> tuple[int, dict[str, Any]]:
    headers = {"Content-Type": "application/json", "X-Request-Id": REQUEST_ID} | changes
    response = client.post("/api/v1/predict", data=body, headers=headers)
    assert response.headers["Content-Type"] == "application/problem+json"
    return response.status_code, response.get_json()


def expected(slug: str, detail: str, *errors: dict[str, str]) -> tuple[int, dict[str, Any]]:
    kind = PROBLEMS[slug]
    document: dict[str, Any] = {
        "type": f"/problems/{slug}",
        "title": kind.title,
        "status": kind.status,
        "detail": detail,
        "instance": f"urn:picklefleet:request:{REQUEST_ID}",
        "request_id": REQUEST_ID,
    }
    if errors:
        document |= {"errors": list(errors), "total_errors": len(errors)}
    return kind.status, document


def fault(pointer: str, detail: str, suggestion: str = "") -> dict[str, str]:
    found = {"pointer": pointer, "detail": detail}
    return found | ({"suggestion": suggestion} if suggestion else {})


INVALID = [
    pytest.param(
        [without(ROW, "hour")], [fault("/instances/0/hour", "This feature is missing.")], id="missing column"
    ),
    pytest.param([ROW | {"gate": "B7"}], [fault("/instances/0/gate", UNKNOWN)], id="extra column"),
    pytest.param(
        [without(ROW, "carrier") | {"carier": "UA"}],
        [
            fault("/instances/0/carrier", "This feature is missing."),
            fault("/instances/0/carier", UNKNOWN, "Did you mean 'carrier'?"),
        ],
        id="misspelled column",
    ),
    pytest.param(
        [ROW, ROW | {"carrier": 7}],
        [fault("/instances/1/carrier", "Must be text, not a number.")],
        id="wrong type",
    ),
    pytest.param(
        [ROW | {"hour": True}],
        [fault("/instances/0/hour", "Must be a number, not a boolean.")],
        id="boolean as number",
    ),
    pytest.param(
        [ROW | {"hour": "9"}],
        [fault("/instances/0/hour", "Must be a number, not text.")],
        id="number as string",
    ),
    pytest.param(
        [ROW | {"hour": None}],
        [fault("/instances/0/hour", "Must not be null: the model knows no missing value here.")],
        id="null where nothing may be missing",
    ),
    pytest.param(
        [ROW] * 51,
        [fault("/instances", "Holds 51 rows; one request takes 1 to 50. Send several requests.")],
        id="too many rows",
    ),
    pytest.param(
        [],
        [fault("/instances", "Holds 0 rows; one request takes 1 to 50. Send several requests.")],
        id="no rows",
    ),
]


@pytest.mark.parametrize(("rows", "faults"), INVALID)
def test_rows_that_do_not_fit_the_model(client, rows, faults):
    count = "one fault" if len(faults) == 1 else f"{len(faults)} faults"

    assert problem_of(client, body_of(*rows)) == expected(
        "invalid-request", f"The request has {count}.", *faults
    )


@pytest.mark.parametrize(
    ("name", "value", "detail"),
    [
        ("plan", "gold", "Must be one of the 2 categories that the model knows."),
        ("count", 1.5, "Must be an integer, without a fraction."),
        ("count", 2**63, f"Must lie between {-(2**63)} and {2**63 - 1}."),
        ("small", 128.0, "Must lie between -128 and 127."),
        ("small", True, "Must be an integer, not a boolean."),
        ("member", 1, "Must be true or false, not a number."),
        ("zone", "1", "Must be a number, not text."),
        ("note", 5, "Must be text, not a number."),
        ("since", "soon", 'Must be an RFC 3339 date and time such as "2013-01-31T08:15:00Z", or a date.'),
    ],
)
def test_values_that_a_feature_can_not_have(serving, name, value, detail):
    client = serving(builders.all_kinds())

    assert problem_of(client, body_of(ALL_KINDS | {name: value})) == expected(
        "invalid-request", "The request has one fault.", fault(f"/instances/0/{name}", detail)
    )


@pytest.mark.parametrize(
    "change", [{"count": 112.0}, {"count": None}, {"zone": 99}, {"zone": 2.0}, {"since": "2013-01-31"}]
)
def test_what_only_looks_malformed_is_answered(serving, change):
    """Integral floats, missing values of nullable integers, and categories unknown to a model that takes them."""
    response = serving(builders.all_kinds()).post("/api/v1/predict", json={"instances": [ALL_KINDS | change]})

    assert response.status_code == 200


def test_an_unknown_category_is_answered_and_flagged(client):
    response = client.post("/api/v1/predict", json={"instances": [ROW | {"carrier": "XX"}, ROW]})

    assert [row.get("flags") for row in response.get_json()["predictions"]] == [["unknown_category"], None]


MALFORMED = [
    (
        b'{"instances": [{"delay": NaN}]}',
        "NaN and Infinity are no JSON numbers; send null.",
        "/instances/0/delay",
    ),
    (b'{"instances": [-Infinity]}', "NaN and Infinity are no JSON numbers; send null.", "/instances/0"),
    (b'{"instances": [1e999]}', "This number is too large.", "/instances/0"),
    (b'{"instances": [1' + b"0" * 5000 + b"]}", "This number is too large.", "/instances/0"),
    (b'{"instances": [], "instances": []}', "This key stands more than once in the object.", "/instances"),
    (
        rb'{"instances": ["\ud800"]}',
        "This text holds half a surrogate pair, which is no character.",
        "/instances/0",
    ),
    (b"[[[[[[[[[1]]]]]]]]]", "The body is nested deeper than 8 levels.", "/0/0/0/0/0/0/0/0"),
    (b"[" * 50_000, "The body is nested deeper than 8 levels.", None),
    (b"", "The body is empty; it must be a JSON object.", None),
    (b'{"instances": [}', "The body is not valid JSON: Expecting value at line 1, column 16.", None),
    (b"{} {}", "The body is not valid JSON: Extra data at line 1, column 4.", None),
    (b'{"a": "\xff"}', "The body is not valid UTF-8: see byte 7, counted from 0.", None),
    (b"\xef\xbb\xbf{}", "The body must be UTF-8 without a byte order mark.", None),
    ("{}".encode("utf-16"), "The body must be UTF-8 without a byte order mark.", None),
]


@pytest.mark.parametrize(("body", "detail", "pointer"), MALFORMED)
def test_bodies_that_are_no_acceptable_json(client, body, detail, pointer):
    found = {"detail": detail} if pointer is None else fault(pointer, detail)

    assert problem_of(client, body) == expected("malformed-json", detail, found)


@pytest.mark.parametrize("content_type", ["text/plain", "application/json; charset=latin-1", ""])
def test_a_wrong_content_type(client, content_type):
    assert problem_of(client, body_of(ROW), **{"Content-Type": content_type}) == expected(
        "unsupported-media-type", "The body must be sent as Content-Type: application/json, in UTF-8."
    )


def test_a_compressed_body(client):
    assert problem_of(client, b"\x1f\x8b", **{"Content-Encoding": "gzip"}) == expected(
        "unsupported-media-type", "The body must be sent without a Content-Encoding."
    )


def test_an_oversized_body(client):
    assert problem_of(client, b" " * 200_001) == expected(
        "body-too-large", "The body may have at most 200,000 bytes."
    )


SECRET = "hunter2-4111111111111111"


@pytest.mark.parametrize(
    "body",
    [
        body_of(ROW | {"delay": SECRET, "carrier": [SECRET], "hour": {SECRET: SECRET}}),
        orjson.dumps(
            {"instances": [ROW], "unit_id": SECRET * 20, "method": SECRET, "row_keys": [SECRET] * 2}
        ),
        orjson.dumps({"instances": SECRET}),
        orjson.dumps([SECRET]),
        f'{{"instances": ["{SECRET}", oops]}}'.encode(),
        f'{{"instances": ["{SECRET}", NaN]}}'.encode(),
        f'{{"instances": [{SECRET}]}}'.encode(),
        f'{{"instances": "{SECRET}\xff"}}'.encode("latin-1"),
    ],
)
def test_no_answer_repeats_a_value(client, body):
    response = client.post("/api/v1/predict", data=body, content_type="application/json")

    assert response.status_code in {400, 422}
    assert "hunter2" not in response.get_data(as_text=True)


def test_no_answer_repeats_a_value_of_a_closed_category(serving):
    body = body_of(ALL_KINDS | {"plan": SECRET, "since": SECRET})
    response = serving(builders.all_kinds()).post(
        "/api/v1/predict", data=body, content_type="application/json"
    )

    assert response.status_code == 422
    assert "hunter2" not in response.get_data(as_text=True)


def test_names_that_were_sent_are_shown_short_and_printable(client):
    response = client.post("/api/v1/predict", json={"instances": [ROW | {"\x1b[31m\r\n" + "n" * 5000: 1}]})

    (error,) = response.get_json()["errors"]
    assert error["pointer"] == "/instances/0/�[31m��" + "n" * 57 + "…"
