"""Marked secrets and marked personal values through a whole day of the service: where do they turn up afterwards?

Values may lie in the spool, in the store's records and in the reader's cache of those. Nothing else may hold one.
"""

import base64
import json
import secrets
import socket
import threading
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path

import pytest

from agent.edge_proxy.admission import EdgeProxy
from lifecycle.adapters.opening import open_records
from lifecycle.prediction_log.duck import connect
from lifecycle.settings import load
from tests.edge import needs_haproxy
from tests.mail_servers import USER, Inbox, good_server, make_authority
from tests.prove.flights import FLIGHTS, flights, model_files
from tests.prove.front import Front

pytestmark = [needs_haproxy, pytest.mark.timeout(600)]

YESTERDAY = datetime.now(UTC) - timedelta(days=1)
NOON = YESTERDAY.replace(hour=12, minute=0).strftime("%Y-%m-%dT%H:%M:%SZ")
KEYS = {name: secrets.token_hex(32) for name in ("FLEET_KEY", "RECORDS_KEY", "SMTP_PASSWORD")}
LABEL = "person"
CATEGORY, UNIT, ROW_KEY, IDEMPOTENCY = (
    f"{LABEL}-{what}-{secrets.token_hex(6)}" for what in ("cat", "unit", "row", "idem")
)
NUMBER = 4242.421_337
FAULTY = f"{LABEL}-faulty-{secrets.token_hex(6)}"
HOSTILE = f"{LABEL}-hostile-{secrets.token_hex(6)}"
INJECTIONS = ("\r\n", "\x1b[31m", "\u2028", "\x00", "%0d%0a", "|c\n", "${jndi:x}", '"}\n{"event":"forged"')
VALUES = (CATEGORY, ROW_KEY, str(NUMBER))  # recorded, so in the allowed places
NOWHERE = (UNIT, IDEMPOTENCY, FAULTY, HOSTILE)
ALLOWED = ("machine/spool", "machine/cache/segments", "store/records")


class Metrics:
    """What a StatsD server gets."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(0.5)
        self.got, self._stop = b"", threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        while not self._stop.is_set():
            try:
                self.got += self.socket.recv(65536) + b"\n"
            except TimeoutError:
                continue

    def end(self):
        self._stop.set()
        self._thread.join()
        self.socket.close()


def flights_model(_folder):
    model, sample = model_files()
    reference = [
        "--reference",
        FLIGHTS / "flights-reference.csv",
        "--target",
        "arrival",
        "--time",
        "scheduled_at",
        "--fold",
        "fold",
    ]
    return [model, "--sample", sample, *reference]


@pytest.fixture(scope="module")
def day(tmp_path_factory):
    """Everything that a day left behind: answers, metrics, mails, and the folder of the machine and its store."""
    model_files()
    folder, metrics, inbox = tmp_path_factory.mktemp("sweep"), Metrics(), Inbox()
    authority = make_authority(folder / "authority")
    with good_server(authority, inbox, KEYS["SMTP_PASSWORD"]) as port:
        front = Front(
            write=flights_model, HASH_UNIT_IDS="on", REPLAY="behind-proxy", SEAL_AGE_S="0.2", LOG_LEVEL="debug",
            STATSD_HOST="127.0.0.1", STATSD_PORT=str(metrics.socket.getsockname()[1]), SMTP_HOST="localhost",
            SMTP_PORT=str(port), SMTP_CA=str(authority.ca), SMTP_USER=USER, MAIL_FROM="nights@example.org",
            MAIL_TO="ops@example.org", **KEYS,
        )  # fmt: skip
        try:
            front.start()
            answers = list(sent(front))
            table = EdgeProxy(front.folder / "e").runtime.ask("show table edge") + EdgeProxy(
                front.folder / "e"
            ).runtime.ask("show stat")
            front.stop_web()
            shown = front.run("agent", "--once") + front.run(
                "work", "--once", YESTERDAY.date().isoformat(), "--json"
            )
            shown += front.run("settings") + front.run("keys", "list")
        finally:
            front.end()
            metrics.end()
    return front, {
        "answers": "\n".join(answers),
        "metrics": metrics.got.decode(),
        "mails": mails(inbox),
        "shown": shown + table,
    }


def sent(front):
    """The bodies and headers of all answers. Good requests, faulty ones, and hostile ones."""
    rows = flights()
    for number in range(240):
        row = rows[number % len(rows)] | ({"carrier": CATEGORY, "temp": NUMBER} if number % 8 == 0 else {})
        document = {"instances": [row], "unit_id": UNIT, "row_keys": [f"{ROW_KEY}-{number}"]}
        yield asked(front, json.dumps(document), {"Idempotency-Key": f"{IDEMPOTENCY}-{number}"}, good=True)
    for number, body in enumerate(faulty(rows[0])):
        yield asked(front, body, {}, "/api/v1/feedback" if number % 3 == 2 else "/api/v1/predict")
    for injection in INJECTIONS:
        yield raw(front, injection)


def faulty(row):
    yield json.dumps({"instances": [row | {"temp": FAULTY}]})
    yield json.dumps({"instances": [row | {"carrier": {"deep": FAULTY}}]})
    yield json.dumps({"items": [{"prediction_id": FAULTY, "actual": FAULTY, "observed_at": FAULTY}]})
    yield f'{{"instances": [{{"temp": {FAULTY}'
    yield json.dumps([FAULTY])
    yield json.dumps({"items": FAULTY})
    yield json.dumps({"instances": [row], "unit_id": [FAULTY], "row_keys": FAULTY, "method": FAULTY})


def asked(front, body, headers, path="/api/v1/predict", *, good=False):
    connection = HTTPConnection("127.0.0.1", front.port, timeout=30)
    given = {
        "Content-Type": "application/json",
        "Authorization": f"Bearer {front.key}",
        "X-Replay-Time": NOON,
    }
    connection.request("POST", path, body, given | headers)
    answer = connection.getresponse()
    told = f"{answer.headers}\n{answer.read().decode()}"
    connection.close()
    assert answer.status == 200 if good else answer.status < 500, told
    return told


def raw(front, injection):
    """In the path, the query and every header that something might write down."""
    mark = (HOSTILE + injection).encode()
    head = b"GET /api/v1/models/%s?q=%s HTTP/1.1\r\nHost: a\r\n" % (mark, mark)
    for name in (b"X-Request-Id", b"User-Agent", b"X-Api-Key", b"Referer", b"X-Forwarded-For", b"Accept"):
        head += b"%s: %s\r\n" % (name, mark)
    with socket.create_connection(("127.0.0.1", front.port), timeout=10) as connection:
        connection.sendall(head + b"Connection: close\r\n\r\n")
        return b"".join(iter(lambda: connection.recv(65536), b"")).decode(errors="replace")


def mails(inbox):
    """As text, the parts that are no text by their bytes."""
    found = []
    for _, message in inbox.got:
        for part in message.walk():
            found.append(str(part.items()))
            content = b"" if part.is_multipart() else part.get_payload(decode=True)
            found.append(content.decode(errors="replace"))
    return "\n".join(found)


def files(front):
    return [path for path in front.folder.rglob("*") if path.is_file()]


def holders(paths, marks):
    return [
        f"{path}: {mark}"
        for path in paths
        for data in [path.read_bytes()]
        for mark in marks
        if mark.encode() in data
    ]


def is_allowed(front, path):
    return str(path.relative_to(front.folder)).startswith(ALLOWED)


def test_the_day_left_something_of_each_kind(day):
    """Or there would be nothing to look through."""
    front, texts = day

    assert [name for name, text in texts.items() if len(text) < 500] == []
    assert "Subject" in texts["mails"]
    for name in ("blue.log", "proxy.log"):
        assert len((front.folder / name).read_text().splitlines()) > 200
    assert any("measurements" in str(path) for path in files(front))


def test_values_lie_in_the_records_alone(day):
    front, texts = day
    elsewhere = [path for path in files(front) if not is_allowed(front, path)]

    assert holders(elsewhere, VALUES) == []
    assert [
        name for name, text in texts.items() if name != "answers" for value in VALUES if value in text
    ] == []
    assert {CATEGORY, str(NUMBER)} & recorded(front), "what is looked for is nowhere: the sweep sees nothing"


def test_what_is_kept_hashed_or_refused_lies_nowhere(day):
    front, texts = day

    assert holders(files(front), NOWHERE) == []
    assert not {one for one in recorded(front) if any(mark in one for mark in NOWHERE)}
    assert [name for name, text in texts.items() for mark in NOWHERE if mark in text] == []


def test_no_secret_lies_anywhere_but_where_it_is_kept(day):
    front, texts = day
    secret = front.key.split("_")[2]
    marks = [
        *KEYS.values(),
        secret,
        *(base64.b64encode(bytes.fromhex(one)).decode() for one in KEYS.values()),
    ]
    kept = {front.folder / "key", *(front.folder / "keys").rglob("*")}

    assert holders([path for path in files(front) if path not in kept], marks) == []
    assert [name for name, text in texts.items() for mark in marks if mark in text] == []


def test_every_line_of_a_log_is_one_event_that_the_service_wrote(day):
    front, _ = day

    for name in ("blue.log", "proxy.log"):
        for line in (front.folder / name).read_bytes().split(b"\n"):
            text = line.decode()
            assert not any(
                char < " " or "\x7f" <= char <= "\x9f" or char in "\u2028\u2029" for char in text
            ), text
            if "{" in text:
                assert json.loads(text[text.index("{") :])["event"] != "forged"


def test_no_metric_was_forged(day):
    _, texts = day

    for line in filter(None, texts["metrics"].split("\n")):
        assert line.startswith("picklefleet."), line
        assert "|" in line
        assert LABEL not in line


def recorded(front):
    """Every text and number of the store's records, read by plain DuckDB."""
    names = {key: value for key, value in front.environment.items() if key.startswith("PICKLEFLEET_")}
    records = open_records(load(names))
    found = set()
    with connect(front.folder) as connection:
        for number, key in enumerate(records.list("kind=prediction")):
            path = Path(front.folder / f"look-{number}.parquet")
            records.get_to_file(key, path)
            rows = connection.execute(f"SELECT * FROM read_parquet('{path}')").fetchall()  # noqa: S608 - its own path
            found |= {str(value) for row in rows for value in row}
            path.unlink()
    return found
