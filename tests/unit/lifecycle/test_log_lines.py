import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from lifecycle.converters import Secret
from lifecycle.log_lines import MAX_ITEMS, MAX_TEXT, bounded, clean, json_line

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.text(), ANYTHING, max_size=5))
def test_every_event_is_one_line_of_strict_json(event: dict[str, object]) -> None:
    line = json_line(None, "info", event)

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    json.loads(line, parse_constant=refuse)
    assert len(line.splitlines()) == 1


@given(st.text())
def test_cleaning_leaves_only_what_can_be_shown(text: str) -> None:
    assert not any(
        char < " " or "\x7f" <= char <= "\x9f" or char in "\u2028\u2029\u202e" for char in clean(text)
    )


def test_a_long_text_is_cut_and_says_how_much() -> None:
    assert clean("x" * (MAX_TEXT + 7)) == "x" * MAX_TEXT + "… (7 more)"


def test_long_lists_and_deep_nests_are_bounded() -> None:
    nest: list[object] = []
    nest.append(nest)

    assert len(bounded(list(range(1000)))) == MAX_ITEMS
    assert "…" in json.dumps(bounded(nest), ensure_ascii=False)


def test_what_json_does_not_know_becomes_its_text_and_a_secret_stays_one() -> None:
    assert bounded({"path": Path("/a"), "key": Secret("sesame"), "big": 1 << 64, "nan": float("nan")}) == {
        "path": "/a",
        "key": "<SECRET>",
        "big": str(1 << 64),
        "nan": "nan",
    }
