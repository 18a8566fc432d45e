import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.faults import MAX_NAME, Fault, did_you_mean, json_type, pointer, safe_name


def test_the_whole_body_has_the_empty_pointer():
    assert pointer(()) == ""


def test_pointer_escapes_what_rfc_6901_gives_a_meaning():
    assert pointer(("instances", 3, "a/b~c")) == "/instances/3/a~1b~0c"


@given(st.text())
def test_a_shown_name_is_always_printable_and_short(name):
    shown = safe_name(name)

    assert len(shown) <= MAX_NAME + 1
    assert shown.isprintable()


def test_control_characters_and_text_direction_marks_are_replaced():
    assert safe_name("a\r\nb\u202ec\x1b") == "a��b�c�"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("delya", "Did you mean 'delay'?"), ("entirely_else", ""), ("d" * 1_000_000, "")],
)
def test_did_you_mean_names_the_closest_or_nothing(name, sentence):
    assert did_you_mean(name, ["delay", "hour"]) == sentence


@pytest.mark.parametrize(
    ("value", "words"),
    [({}, "an object"), ([], "an array"), ("", "text"), (True, "a boolean"), (None, "null"), (1, "a number")],
)
def test_json_types_in_words(value, words):
    assert json_type(value) == words


def test_a_fault_without_a_place_has_no_pointer():
    assert Fault(None, "Empty.").to_document() == {"detail": "Empty."}


def test_a_fault_of_the_whole_body_keeps_its_empty_pointer():
    assert Fault("", "Wrong.", "Mend it.").to_document() == {
        "pointer": "",
        "detail": "Wrong.",
        "suggestion": "Mend it.",
    }
