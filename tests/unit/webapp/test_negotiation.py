import pytest

from webapp.negotiation import require_json_body, require_json_wanted
from webapp.problems import NOT_ACCEPTABLE, UNSUPPORTED_MEDIA_TYPE, ProblemError


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "Application/JSON",
        "application/json; charset=UTF-8",
        'application/json;charset="utf8"',
    ],
)
def test_json_in_utf_8_is_taken(content_type):
    require_json_body(content_type, "")
    require_json_body(content_type, "identity")


@pytest.mark.parametrize(
    ("content_type", "encoding"),
    [
        ("", ""),
        ("text/plain", ""),
        ("application/x-www-form-urlencoded", ""),
        ("application/json; charset=latin-1", ""),
        ("application/json; charset=utf-16", ""),
        ("application/jsonp", ""),
        ("application/json", "gzip"),
    ],
)
def test_any_other_body_is_refused(content_type, encoding):
    with pytest.raises(ProblemError) as caught:
        require_json_body(content_type, encoding)

    assert caught.value.kind is UNSUPPORTED_MEDIA_TYPE


@pytest.mark.parametrize(
    "accept",
    ["", "*/*", "application/json", "application/*", "text/html, */*;q=0.1", "application/json;q=0.5"],
)
def test_json_is_answered_to_whoever_takes_it(accept):
    require_json_wanted(accept)


@pytest.mark.parametrize("accept", ["text/csv", "application/json;q=0", "text/html, application/xml"])
def test_whoever_refuses_json_is_told(accept):
    with pytest.raises(ProblemError) as caught:
        require_json_wanted(accept)

    assert caught.value.kind is NOT_ACCEPTABLE
