import json
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webapp.strict_json import MalformedJsonError, parse

DEPTH = 8
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def faults_of(body: bytes, depth: int = DEPTH) -> list[tuple[str | None, str]]:
    with pytest.raises(MalformedJsonError) as caught:
        parse(body, depth)
    return [(fault.pointer, fault.detail) for fault in caught.value.faults]


@given(VALUES)
@settings(max_examples=150)
def test_every_json_value_comes_back_as_it_was(value):
    assert parse(json.dumps(value).encode(), 100) == value


@given(VALUES)
@settings(max_examples=50)
def test_characters_may_stand_as_they_are(value):
    assert parse(json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass"), 100) == value


@given(st.binary() | st.text().map(str.encode))
@settings(max_examples=300)
def test_any_bytes_are_read_or_refused_with_a_reason(body):
    with suppress(MalformedJsonError):
        parse(body, DEPTH)


@given(st.text(alphabet='[]{}",:0123456789.eE+-truefalsn \\u\n'))
@settings(max_examples=300)
def test_whatever_is_taken_is_what_a_plain_parser_reads(text):
    """Strictness only ever refuses: it never changes a value."""
    with suppress(MalformedJsonError):
        assert parse(text.encode(), DEPTH) == json.loads(text)


@pytest.mark.parametrize("body", [b"", b"  \r\n\t"])
def test_an_empty_body_is_named(body):
    assert faults_of(body) == [(None, "The body is empty; it must be a JSON object.")]


@pytest.mark.parametrize(
    "body",
    ['{"a": 1}'.encode(coding) for coding in ("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32")],
)
def test_only_plain_utf_8_is_read(body):
    assert faults_of(body) == [(None, "The body must be UTF-8 without a byte order mark.")]


def test_invalid_utf_8_names_the_byte():
    assert faults_of(b'{"a": "\xff"}') == [(None, "The body is not valid UTF-8: see byte 7, counted from 0.")]


@pytest.mark.parametrize(
    "body", [b'{"a": 1,}', b"[1, 2", b"{'a': 1}", b'{"a" 1}', b"nul", b'"\x01"', b"01", b"+1", b"1.", b".5"]
)
def test_what_is_no_json_is_refused_with_its_place(body):
    ((pointer, detail),) = faults_of(body)

    assert pointer is None
    assert detail.startswith("The body is not valid JSON: ")
    assert "line 1, column" in detail


def test_trailing_data_is_refused():
    ((_, detail),) = faults_of(b'{"a": 1} {"b": 2}')

    assert detail == "The body is not valid JSON: Extra data at line 1, column 10."


def test_a_syntax_error_repeats_nothing_of_the_body():
    ((_, detail),) = faults_of(b'{"name": "hunter2", "x": secret}')

    assert "hunter2" not in detail
    assert "secret" not in detail


def test_repeated_keys_are_named_wherever_they_stand():
    assert faults_of(b'{"a": [{"b": 1, "b": 2, "b": 3}], "a": 1, "c": {"d": 0, "d": 0}}') == [
        ("/a", "This key stands more than once in the object."),
        ("/c/d", "This key stands more than once in the object."),
    ]


def test_keys_that_only_look_different_repeat():
    assert faults_of(rb'{"a": 1, "\u0061": 2}') == [("/a", "This key stands more than once in the object.")]


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
def test_constants_that_are_no_json_are_named(constant):
    body = f'{{"rows": [1, {constant}]}}'.encode()

    assert faults_of(body) == [("/rows/1", "NaN and Infinity are no JSON numbers; send null.")]


@pytest.mark.parametrize("number", ["1e999", "-1e999", "9" * 41, "-" + "9" * 5000, "1" * 400 + ".0"])
def test_numbers_that_nothing_can_hold_are_named(number):
    assert faults_of(f"[{number}]".encode()) == [("/0", "This number is too large.")]


def test_a_number_at_the_root_has_the_root_s_pointer():
    assert faults_of(b"NaN") == [("", "NaN and Infinity are no JSON numbers; send null.")]


@pytest.mark.parametrize("escape", [r"\ud800", r"\udc00", r"\udc00\ud800", r"\uD83Dx"])
def test_half_a_surrogate_pair_is_no_text(escape):
    ((pointer, detail),) = faults_of(f'{{"a": "{escape}"}}'.encode())

    assert pointer == "/a"
    assert detail == "This text holds half a surrogate pair, which is no character."


def test_half_a_surrogate_pair_is_no_key_and_is_not_repeated():
    ((pointer, _),) = faults_of(rb'{"\ud800": 1}')

    assert pointer == "/�"


def test_a_whole_surrogate_pair_is_one_character():
    assert parse(rb'"\ud83d\ude00"', DEPTH) == "\N{GRINNING FACE}"


def test_all_faults_come_at_once():
    body = b'{"a": NaN, "b": 1e999, "c": {"d": 1, "d": 2}}'

    assert [pointer for pointer, _ in faults_of(body)] == ["/a", "/b", "/c/d"]


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_depth_is_taken_up_to_its_limit_and_no_further(opening, closing):
    parse((opening * DEPTH + "1" + closing * DEPTH).encode(), DEPTH)

    ((pointer, detail),) = faults_of((opening * (DEPTH + 1) + "1" + closing * (DEPTH + 1)).encode())
    assert detail == "The body is nested deeper than 8 levels."
    assert pointer == ("/0" if opening == "[" else "/a") * DEPTH


def test_depth_beyond_the_parser_s_own_is_the_same_fault():
    ((_, detail),) = faults_of(b"[" * 100_000 + b"]" * 100_000)

    assert detail == "The body is nested deeper than 8 levels."


def test_the_place_that_is_too_deep_is_the_first_one():
    ((pointer, _),) = faults_of(b'{"a": [1], "b": [[1]], "c": [[1]]}', depth=2)

    assert pointer == "/b/0"


def test_only_the_first_hundred_faults_are_explained_but_all_are_counted():
    with pytest.raises(MalformedJsonError) as caught:
        parse(b"[" + b",".join([b"NaN"] * 250) + b"]", DEPTH)

    assert len(caught.value.faults) == 100
    assert caught.value.total == 250
