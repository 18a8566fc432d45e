"""Every route has a decision, and every kind of bad credential its exact answer on each of them."""

from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs
from werkzeug.routing import Rule

from lifecycle import clock
from lifecycle.api_keys import SCOPES, KeySet, NewKey, Scope, make_key, with_checksum
from lifecycle.prediction import verify
from tests import builders
from tests.serving import KEY, client_for
from webapp.access import NEEDS
from webapp.authentication import Gate
from webapp.problems import PROBLEMS

NOW = clock.now()
DAY = timedelta(days=1)
PLACES = {"version": "v1", "slug": "not-found", "filename": "page.css"}
PREDICT = "/api/v1/predict"


def made(*scopes: Scope, owner: str = "shop", lifetime: timedelta = DAY) -> NewKey:
    return make_key(owner, scopes or SCOPES, NOW, lifetime=lifetime)


GOOD, OTHER, EXPIRED, REVOKED, STRANGER = made(), made(), made(lifetime=-DAY), made(), made()
ONLY = {scope: made(scope) for scope in SCOPES}
KEYS = KeySet.of(new.key for new in (GOOD, OTHER, EXPIRED, REVOKED, *ONLY.values())).revoke(
    REVOKED.key.key_id, NOW
)

WRONG_SECRET = with_checksum(f"{GOOD.text[:16]}{'0' * 64}")
MISTYPED = GOOD.text[:-1] + ("0" if GOOD.text[-1] != "0" else "1")

MISSING = "Send an API key: Authorization: Bearer <key>, or X-Api-Key: <key>."
MALFORMED = f"This is no API key: it was cut, mistyped or sent in another way. {MISSING}"
NOT_VALID = "This API key is not valid here: it is unknown, has expired or was revoked."

BAD: dict[str, tuple[dict[str, str], str]] = {
    "none": ({}, MISSING),
    "empty": ({"X-Api-Key": ""}, MISSING),
    "no key": ({"X-Api-Key": "secret"}, MALFORMED),
    "mistyped": ({"X-Api-Key": MISTYPED}, MALFORMED),
    "cut": ({"Authorization": f"Bearer {GOOD.text[:-9]}"}, MALFORMED),
    "no token": ({"Authorization": "Bearer"}, MALFORMED),
    "another scheme": ({"Authorization": f"Basic {GOOD.text}"}, MALFORMED),
    "no scheme": ({"Authorization": GOOD.text}, MALFORMED),
    "two that differ": ({"Authorization": f"Bearer {GOOD.text}", "X-Api-Key": OTHER.text}, MALFORMED),
    "not ASCII": ({"X-Api-Key": "pf_ä"}, MALFORMED),
    "very long": ({"X-Api-Key": "pf_" * 5000}, MALFORMED),
    "unknown id": ({"X-Api-Key": STRANGER.text}, NOT_VALID),
    "wrong secret": ({"X-Api-Key": WRONG_SECRET}, NOT_VALID),
    "expired": ({"X-Api-Key": EXPIRED.text}, NOT_VALID),
    "revoked": ({"Authorization": f"Bearer {REVOKED.text}"}, NOT_VALID),
}


@pytest.fixture(scope="module")
def closed():
    return client_for(builders.classifier(), gate=Gate(lambda: KEYS))


def rules() -> list[Rule]:
    return list(client_for(builders.classifier()).application.url_map.iter_rules())


def requests(guarded: bool) -> list[Any]:
    """Method and path of every route of the application, its parameters filled in."""
    return [
        pytest.param(method, _path(rule), rule.endpoint, id=f"{method} {rule.rule}")
        for rule in rules()
        if (NEEDS[rule.endpoint] != "nothing") is guarded
        for method in sorted(rule.methods or ())
    ]


def _path(rule: Rule) -> str:
    path = rule.rule
    for name, value in PLACES.items():
        path = path.replace(f"<path:{name}>", value).replace(f"<{name}>", value)
    assert "<" not in path, f"give {rule.rule} its parameters in PLACES"
    return path


def key(new: NewKey) -> dict[str, str]:
    return {"Authorization": f"Bearer {new.text}"}


def test_every_route_has_a_decision_and_every_decision_a_route():
    assert {rule.endpoint for rule in rules()} == set(NEEDS)


def test_only_these_routes_are_open_and_only_these_need_more_than_reading():
    by_rule = {rule.rule: NEEDS[rule.endpoint] for rule in rules()}

    assert {rule for rule, need in by_rule.items() if need == "nothing"} == {
        "/",
        "/docs/static/<path:filename>",
        "/problems",
        "/problems/<slug>",
        "/livez",
        "/readyz",
        "/health/azure",
    }
    assert {rule: need for rule, need in by_rule.items() if need not in {"nothing", "read"}} == {
        "/api/v1/predict": "predict",
        "/api/v1/feedback": "feedback",
    }


def test_a_route_without_a_decision_lets_nobody_in_but_an_admin():
    application = client_for(builders.classifier(), gate=Gate(lambda: KEYS)).application
    application.add_url_rule("/new", "new", lambda: "something")
    client = application.test_client()

    assert client.get("/new").status_code == 401
    assert client.get("/new", headers=key(ONLY["read"])).status_code == 403
    assert client.get("/new", headers=key(ONLY["admin"])).status_code == 200


@pytest.mark.parametrize("kind", BAD)
@pytest.mark.parametrize(("method", "path", "endpoint"), requests(guarded=True))
def test_a_bad_credential_has_its_exact_answer_on_every_guarded_route(closed, method, path, endpoint, kind):
    headers, detail = BAD[kind]

    response = closed.open(path, method=method, headers=headers)

    challenge = "" if detail == MISSING else ', error="invalid_token"'
    assert response.status_code == 401
    assert response.headers.getlist("WWW-Authenticate") == [f'Bearer realm="picklefleet"{challenge}']
    assert response.content_type == "application/problem+json"
    if method != "HEAD":
        document = response.get_json()
        request_id = document["request_id"]
        assert document == {
            "type": "/problems/unauthenticated",
            "title": PROBLEMS["unauthenticated"].title,
            "status": 401,
            "detail": detail,
            "instance": f"urn:picklefleet:request:{request_id}",
            "request_id": response.headers["X-Request-Id"],
        }


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize(("method", "path", "endpoint"), requests(guarded=True))
def test_a_key_opens_the_routes_of_its_scope_and_no_other(closed, method, path, endpoint, scope):
    response = closed.open(path, method=method, headers=key(ONLY[scope]))

    needed = NEEDS[endpoint]
    if scope == needed:
        assert response.status_code not in {401, 403, 500, 503}
    else:
        assert response.status_code == 403
        assert response.headers["WWW-Authenticate"].endswith(f'error="insufficient_scope", scope="{needed}"')
        if method != "HEAD":
            assert response.get_json()["detail"] == (
                f"This API key may not do that: it needs the scope '{needed}'."
            )


@pytest.mark.parametrize("kind", BAD)
@pytest.mark.parametrize(("method", "path", "endpoint"), requests(guarded=False))
def test_an_open_route_answers_whatever_the_credential(closed, method, path, endpoint, kind):
    response = closed.open(path, method=method, headers=BAD[kind][0])

    response.close()
    assert response.status_code in {200, 302}


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nowhere", 404), ("GET", PREDICT, 405)])
def test_what_no_route_takes_is_answered_alike_with_and_without_a_key(closed, method, path, status):
    for headers in ({}, key(GOOD), {"X-Api-Key": STRANGER.text}):
        assert closed.open(path, method=method, headers=headers).status_code == status


@pytest.mark.parametrize(("method", "path", "endpoint"), requests(guarded=True))
def test_where_no_key_set_can_be_read_a_good_key_is_answered_with_503(method, path, endpoint):
    blind = client_for(builders.classifier(), gate=Gate(lambda: None))

    response = blind.open(path, method=method, headers=key(GOOD))

    assert response.status_code == 503
    assert response.headers["Retry-After"] == "5"
    if method != "HEAD":
        assert response.get_json()["type"] == "/problems/keys-unavailable"


def test_a_machine_that_can_not_tell_callers_apart_is_alive_but_not_ready():
    blind = client_for(builders.classifier(), gate=Gate(lambda: None))

    assert blind.get("/livez").status_code == 200
    assert blind.get("/health/azure").status_code == 200
    assert blind.get("/readyz").get_json()["type"] == "/problems/keys-unavailable"


@pytest.mark.parametrize("kind", BAD)
def test_no_credential_is_ever_repeated(closed, kind):
    headers = BAD[kind][0]
    sent = [value.rpartition(" ")[2] for value in headers.values()]

    with capture_logs() as logged:
        response = closed.post(PREDICT, headers=headers, json={})

    shown = response.get_data(as_text=True) + str(response.headers) + repr(logged)
    assert not any(text[:80] in shown for text in sent if len(text) > 6)


@pytest.mark.parametrize(
    ("kind", "refusal"),
    [
        ("none", "missing"),
        ("cut", "malformed"),
        ("unknown id", "unknown"),
        ("wrong secret", "unknown"),
        ("expired", "expired"),
        ("revoked", "revoked"),
    ],
)
def test_the_log_tells_which_refusal_it_was(closed, kind, refusal):
    with capture_logs() as logged:
        closed.post(PREDICT, headers=BAD[kind][0], json={})

    assert [line["refusal"] for line in logged if line["event"] == "credential_refused"] == [refusal]


def test_prediction_ids_are_bound_to_the_owner_of_the_key(closed):
    rows = [builders.classifier().rows[0]]
    response = closed.post(PREDICT, json={"instances": rows}, headers=key(GOOD))
    prediction_id = response.get_json()["predictions"][0]["prediction_id"]

    assert verify(KEY, prediction_id, "shop") is not None
    assert verify(KEY, prediction_id, "other") is None
    assert verify(KEY, prediction_id, "") is None


def test_with_keys_off_ids_belong_to_nobody_in_particular():
    client = client_for(builders.classifier())
    response = client.post(PREDICT, json={"instances": [builders.classifier().rows[0]]})

    assert verify(KEY, response.get_json()["predictions"][0]["prediction_id"], "") is not None


def test_the_page_says_whether_keys_are_needed(closed):
    with_keys = closed.get("/docs", headers=key(GOOD)).get_data(as_text=True)
    without = client_for(builders.classifier()).get("/docs").get_data(as_text=True)

    assert "API keys are off: this service can be reached from its own machine alone." in without
    assert "Authorization: Bearer $API_KEY" not in without
    assert "Authorization: Bearer $API_KEY" in with_keys.replace("&#34;", '"')
    assert "API keys are off" not in with_keys


def test_a_browser_is_asked_for_a_key_and_any_other_client_gets_the_problem(closed):
    browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}

    for more, status in (({}, 401), (key(STRANGER), 401), (key(ONLY["predict"]), 403)):
        page = closed.get("/docs", headers=browser | more)
        assert (page.status_code, page.mimetype) == (status, "text/html")
        assert page.headers["WWW-Authenticate"].startswith(
            "Bearer "
        )  # no browser asks by a window of its own
        assert "script-src 'self'" in page.headers["Content-Security-Policy"]
        assert 'id="key-form"' in page.get_data(as_text=True)
        assert closed.get("/docs", headers=more).mimetype == "application/problem+json"


def test_the_page_that_asks_for_a_key_tells_nothing_of_the_model(closed):
    page = closed.get("/docs", headers={"Accept": "text/html"}).get_data(as_text=True)

    told = closed.get("/docs", headers=key(GOOD)).get_data(as_text=True)
    signature = builders.classifier().model.signature
    names = [feature.name for feature in signature.inputs if len(feature.name) > 3]
    assert names
    assert all(name in told and name not in page for name in [*names, builders.classifier().model.digest])


def test_an_unready_documentation_is_a_problem_for_a_browser_too():
    response = client_for(None).get("/docs", headers={"Accept": "text/html"})

    assert (response.status_code, response.mimetype) == (503, "application/problem+json")
