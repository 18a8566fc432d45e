"""The token bucket of an API key, held by a real HAProxy."""

import secrets
import time

import pytest

from lifecycle.api_keys import make_key, with_checksum
from lifecycle.clock import now
from lifecycle.key_limit import KeyLimit
from tests.edge import needs_haproxy

pytestmark = needs_haproxy
SLOW = KeyLimit(rate=1, burst=3)


def new_key():
    return make_key("shop", ("predict",), now(), lifetime=None).text


def ask(machine, text, count):
    return [machine.get(**{"X-Api-Key": text}) for _ in range(count)]


@pytest.fixture
def limited(machine):
    machine.change(key_limit=SLOW)
    machine.start("blue")
    return machine


def test_beyond_its_bucket_a_key_is_refused_and_told_when_to_come_back(limited):
    answers = ask(limited, new_key(), 5)

    assert [status for status, *_ in answers] == [200, 200, 200, 429, 429]
    _, headers, document = answers[-1]
    assert headers["content-type"] == "application/problem+json"
    assert document["type"] == "/problems/too-many-requests"
    assert document["request_id"] == headers["x-request-id"]
    assert headers["retry-after"] == "1"


def test_every_answer_says_what_is_left(limited):
    answers = ask(limited, new_key(), 4)

    told = [headers["ratelimit"] for _, headers, _ in answers]
    assert [one.rpartition(";")[0] for one in told] == [f'"key";r={left}' for left in (2, 1, 0, 0)]
    assert [one.rpartition("t=")[2] for one in told] == ["1", "2", "3", "3"]
    assert {headers["ratelimit-policy"] for _, headers, _ in answers} == {'"key";q=3;w=3'}


def test_tokens_come_back_one_by_one_and_no_more_than_the_burst(machine):
    machine.change(key_limit=KeyLimit(rate=4, burst=2))
    machine.start("blue")
    text = new_key()

    assert [status for status, *_ in ask(machine, text, 3)] == [200, 200, 429]
    time.sleep(1.0)  # twice what fills it
    assert [status for status, *_ in ask(machine, text, 3)] == [200, 200, 429]


def test_a_machine_grants_no_more_than_its_part(machine):
    machine.change(key_limit=KeyLimit(rate=4, burst=8, machines=4))
    machine.start("blue")

    assert [status for status, *_ in ask(machine, new_key(), 3)] == [200, 200, 429]


def test_one_key_has_one_bucket_however_it_is_sent_and_another_key_has_its_own(limited):
    text, other = new_key(), new_key()
    ways = [{"X-Api-Key": text}, {"Authorization": f"Bearer {text}"}, {"authorization": f"bearer   {text}"}]

    assert [limited.get(**way)[0] for way in [*ways, *ways]] == [200] * 3 + [429] * 3
    assert [status for status, *_ in ask(limited, other, 4)] == [200, 200, 200, 429]


def test_who_knows_a_key_s_id_alone_can_not_use_up_its_share(limited):
    text = new_key()
    forged = with_checksum(f"{text[:16]}{secrets.token_hex(32)}")
    assert ask(limited, forged, 5)[-1][0] == 429

    assert [status for status, *_ in ask(limited, text, 3)] == [200, 200, 200]


def test_what_is_no_key_has_no_bucket_and_hears_of_none(limited):
    answers = [limited.get(), *ask(limited, "secret", 5)]

    assert {status for status, *_ in answers} == {200}  # the web service behind refuses them
    assert not any("ratelimit" in headers for _, headers, _ in answers)


def test_what_was_refused_for_another_reason_costs_nothing(limited):
    text = new_key()
    for _ in range(4):
        assert limited.get(**{"X-Api-Key": text, "X-Long": "x" * 17_000})[0] == 431

    assert ask(limited, text, 1)[0][1]["ratelimit"] == '"key";r=2;t=1'


def test_no_key_and_no_id_lies_in_the_table_or_the_log(limited):
    text = new_key()
    ask(limited, text, 1)

    table = limited.proxy.runtime.ask("show table keys")
    logged = (limited.folder / "haproxy.log").read_text()
    assert "used:1" in table or "gpt0=" in table
    for secret in (text, text[3:15], text[16:80]):
        assert secret not in table.lower() + logged.lower()
        assert secret.encode().hex() not in table.lower()


def test_the_headers_can_be_left_out(machine):
    machine.change(key_limit=SLOW, tells_key_limit=False)
    machine.start("blue")

    answers = ask(machine, new_key(), 4)

    assert [status for status, *_ in answers] == [200, 200, 200, 429]
    assert not any("ratelimit" in name for _, headers, _ in answers for name in headers)


def test_without_a_limit_a_key_may_ask_on(machine):
    machine.start("blue")

    assert {status for status, *_ in ask(machine, new_key(), 20)} == {200}
