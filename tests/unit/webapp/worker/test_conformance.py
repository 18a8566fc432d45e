"""The event worker answers byte for byte what Gunicorn's own worker answers, however its client's bytes arrive."""

import re

import orjson
import pytest

from tests import builders
from tests.prove.worker_streams import passed, worker_streams
from tests.serving import service_for
from tests.workers import ask_events, ask_stock, events, quick, stock, verdict
from webapp.app import create_app

STREAMS = 2000  # `make prove NAME=worker-streams` takes 50,000
ROWS = orjson.dumps({"instances": list(builders.classifier().rows[:1])})
HEAD = b"POST /api/v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
SIZED = b"Content-Length: %d\r\n\r\n" % len(ROWS)
GOOD = HEAD + SIZED + ROWS
LIVE = b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


def chunks(*parts, end=b"0\r\n\r\n"):
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + end


CASES = {
    "a prediction": (GOOD, [200]),
    "two on one connection": (GOOD * 2, [200, 200]),
    "three routes, pipelined": (GOOD + LIVE + GOOD, [200, 200, 200]),
    "an id of the client's": (HEAD + b"X-Request-Id: abcdefgh12\r\n" + SIZED + ROWS, [200]),
    "an id after a tab": (HEAD + b"X-Request-Id:\tabcdefgh12\r\n" + SIZED + ROWS, [200]),
    "two ids": (HEAD + b"X-Request-Id: abcdefgh12\r\nX-Request-Id: abcdefgh13\r\n" + SIZED + ROWS, [200]),
    "a last request": (HEAD + b"Connection: close\r\n" + SIZED + ROWS + GOOD, [200]),
    "a chunked body": (CHUNKED + chunks(ROWS[:5], ROWS[5:]) + LIVE, [200, 200]),
    "a chunked body with trailers": (CHUNKED + chunks(ROWS, end=b"0\r\nX-A: b\r\n\r\n") + LIVE, [200, 200]),
    "a chunk extension": (CHUNKED + b"%x;a=b\r\n%s\r\n0\r\n\r\n" % (len(ROWS), ROWS), [200]),
    "a chunk size that is none": (CHUNKED + b"zz\r\n{}\r\n0\r\n\r\n" + LIVE, [400]),
    "a chunk longer than it says": (CHUNKED + b"2\r\n{}}\r\n0\r\n\r\n" + LIVE, [400]),
    "a negative chunk size": (CHUNKED + b"-2\r\n{}\r\n0\r\n\r\n" + LIVE, [400]),
    "a forbidden trailer": (CHUNKED + chunks(ROWS, end=b"0\r\nContent-Length: 5\r\n\r\n") + LIVE, [400]),
    "a chunked body in HTTP/1.0": (CHUNKED.replace(b"1.1", b"1.0") + chunks(ROWS), [400]),
    "two lengths that differ": (HEAD + b"Content-Length: 2\r\n" + SIZED + ROWS, [400]),
    "two lengths that agree": (HEAD + SIZED[:-2] + SIZED + ROWS, [400]),
    "a length and chunks": (HEAD + b"Transfer-Encoding: chunked\r\n" + SIZED + chunks(ROWS), [400]),
    "chunks twice": (HEAD + b"Transfer-Encoding: chunked, chunked\r\n\r\n" + chunks(ROWS), [400]),
    "an unknown coding": (HEAD + b"Transfer-Encoding: xchunked\r\n\r\n" + chunks(ROWS), [400]),
    "a negative length": (HEAD + b"Content-Length: -5\r\n\r\n" + ROWS, [400]),
    "a signed length": (HEAD + b"Content-Length: +5\r\n\r\n" + ROWS, [400]),
    "a list of lengths": (HEAD + b"Content-Length: 5, 5\r\n\r\n" + ROWS, [400]),
    "a space before the colon": (HEAD + b"Content-Length : 5\r\n\r\n" + ROWS, [400]),
    "an underscored length": (HEAD + b"Content_Length: 5\r\n" + SIZED + ROWS, [200]),
    "an underscored key": (HEAD + b"X_Api_Key: a\r\n" + SIZED + ROWS, [200]),
    "a folded header": (HEAD + b"X-A: b\r\n c\r\n" + SIZED + ROWS, [400]),
    "a bare line feed": (GOOD.replace(b"\r\nHost", b"\nHost"), [400]),
    "a bare carriage return": (HEAD + b"X-A: b\rc\r\n" + SIZED + ROWS, [400]),
    "a null in a header": (HEAD + b"X-A: b\x00c\r\n" + SIZED + ROWS, [400]),
    "two hosts": (HEAD + b"Host: b\r\n" + SIZED + ROWS, [400]),
    "an untidy host": (GOOD.replace(b"localhost", b"a b"), [200]),
    "no host": (GOOD.replace(b"Host: localhost\r\n", b""), [200]),
    "HTTP/1.0": (LIVE.replace(b"1.1", b"1.0") + LIVE, [200]),
    "HTTP/1.0 that stays": (b"GET /livez HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" + LIVE, [200, 200]),
    "HTTP/2.0": (LIVE.replace(b"1.1", b"2.0"), [400]),
    "HEAD": (LIVE.replace(b"GET", b"HEAD") + LIVE, [200, 200]),
    "a lower-case method": (LIVE.replace(b"GET", b"get"), [400]),
    "a body that is not wanted": (LIVE[:-2] + b"Content-Length: 4\r\n\r\nGET " + LIVE, [200, 200]),
    "an expectation": (HEAD + b"Expect: 100-continue\r\n" + SIZED + ROWS, [100, 200]),
    "an expectation of magic": (HEAD + b"Expect: magic\r\n" + SIZED + ROWS, [400]),
    "an expectation in HTTP/1.0": (GOOD.replace(b"1.1\r\n", b"1.0\r\nExpect: 100-continue\r\n"), [200]),
    "an empty line before": (b"\r\n" + GOOD, [200]),
    "two empty lines before": (b"\r\n\r\n" + GOOD, [400]),
    "a long first line": (b"GET /" + b"x" * 2100 + b" HTTP/1.1\r\n\r\n", [414]),
    "a long header": (HEAD + b"X-Long: " + b"x" * 4200 + b"\r\n" + SIZED + ROWS, [431]),
    "many headers": (HEAD + b"X-A: b\r\n" * 60 + SIZED + ROWS, [431]),
    "no request at all": (b"what is this\r\n\r\n", [400]),
    "a body cut short": (GOOD[:-5], [400]),
    "a head cut short": (GOOD[:40], []),
    "nothing": (b"", []),
    "a body of nothing": (HEAD + b"Content-Length: 0\r\n\r\n" + LIVE, [400, 200]),
    "a body too large": (HEAD + b"Content-Length: 300000\r\n\r\n" + b"x" * 300_000, [413]),
    "a chunked body too large": (CHUNKED + chunks(b"x" * 150_000, b"x" * 150_000), [413]),
    "what Flask answers": (GOOD.replace(b"predict ", b"predict/?a=1 "), [200]),
    "nowhere": (GOOD.replace(b"predict ", b"nowhere "), [404]),
    "a wrong body": (GOOD.replace(b"instances", b"instanceS"), [422]),
    "a wanted page": (HEAD + b"Accept: text/html\r\n" + SIZED + ROWS, [406]),
}  # fmt: skip


@pytest.fixture(scope="module")
def both():
    app = create_app(service_for(quick()))
    return stock(app), events(app)


@pytest.mark.parametrize("name", CASES)
def test_what_is_answered_is_what_gunicorn_answers(both, name):
    data, statuses = CASES[name]
    theirs, ours = both

    expected, got = ask_stock(theirs, [data] if data else []), ask_events(ours, [data] if data else [])

    assert verdict(expected, got) in {"same", "sooner"}
    assert [int(status) for status in re.findall(rb"HTTP/1\.\d (\d+) ", got)] == statuses


@pytest.mark.parametrize("name", [name for name, (data, _) in CASES.items() if 1 < len(data) < 1500])
def test_it_does_not_matter_where_the_bytes_are_split(both, name):
    data, _ = CASES[name]
    theirs, ours = both
    step = 1 if len(data) < 260 else 5

    for at in range(1, len(data), step):
        pieces = [data[:at], data[at:]]
        assert verdict(ask_stock(theirs, pieces), ask_events(ours, pieces)) in {"same", "sooner"}, at


def test_bytes_may_come_one_by_one(both):
    data = GOOD + CHUNKED + chunks(ROWS[:9], ROWS[9:]) + LIVE
    theirs, ours = both

    pieces = [data[at : at + 1] for at in range(len(data))]

    assert verdict(ask_stock(theirs, pieces), ask_events(ours, pieces)) == "same"


@pytest.mark.timeout(300)
def test_damaged_streams_are_answered_as_gunicorn_answers_them(tmp_path):
    result = worker_streams(tmp_path, STREAMS, seed=9)

    assert passed(result), result
