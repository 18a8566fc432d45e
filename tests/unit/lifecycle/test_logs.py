import json
import logging
import logging.config
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import pytest
import structlog

from lifecycle import logs


class Lines:
    """What was written to stderr."""

    def __init__(self, capture: pytest.CaptureFixture[str]) -> None:
        self._capture = capture
        self._text = ""

    def configure(self, level: str = "info", form: str = "json") -> Any:
        logs.configure(level, form)
        return logs.get_logger("house.part")

    def text(self) -> str:
        self._text += self._capture.readouterr().err
        return self._text

    def json(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text().split("\n")[:-1]]


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Iterator[Lines]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield Lines(capsys)
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()
    logs._plain_lines[0] = False
    root.handlers[:] = handlers
    root.setLevel(level)


@contextmanager
def bound_request(request_id):
    logs.bind(request_id=request_id)
    yield
    logs.rebind({})


def fail(message: str) -> NoReturn:
    hidden = "row-value"
    try:
        float(hidden[:0])
    except ValueError as cause:
        raise KeyError(message) from cause


def test_an_event_is_one_json_object_with_its_fields(lines: Lines) -> None:
    lines.configure().info("bundle_ready", version="v7", rows=3)
    line = lines.json()[0]

    assert list(line)[:4] == ["timestamp", "level", "event", "logger"]
    assert (line["event"], line["level"], line["logger"]) == ("bundle_ready", "info", "house.part")
    assert (line["version"], line["rows"]) == ("v7", 3)
    assert line["timestamp"].endswith("Z")


def test_events_below_the_level_are_silent(lines: Lines) -> None:
    log = lines.configure("warning")
    log.info("quiet")
    log.warning("loud")

    assert [line["event"] for line in lines.json()] == ["loud"]


def test_the_request_id_is_on_every_line_inside_and_on_none_outside(lines: Lines) -> None:
    log = lines.configure()
    with bound_request("abcdefgh"):
        log.info("inside")
        logging.getLogger("gunicorn.error").warning("inside %s", "too")
        other = threading.Thread(target=lambda: log.info("another_thread"))
        other.start()
        other.join()
    log.info("outside")

    found = {line["event"]: line.get("request_id") for line in lines.json()}
    assert found == {"inside": "abcdefgh", "inside too": "abcdefgh", "another_thread": None, "outside": None}


@pytest.mark.parametrize("name", ["gunicorn.error", "gunicorn.access", "werkzeug", "some.package"])
def test_libraries_go_through_the_same_pipeline_once(lines: Lines, name: str) -> None:
    if name != "some.package":
        logging.getLogger(name).addHandler(logging.StreamHandler())
    lines.configure()
    logging.getLogger(name).error("Worker %d left\nfor good", 3)

    assert [(line["event"], line["logger"]) for line in lines.json()] == [("Worker 3 left\\nfor good", name)]


def test_a_warning_is_a_line_too(lines: Lines) -> None:
    lines.configure()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=True)
        warnings.warn("old model", UserWarning, stacklevel=1)

    assert lines.json()[0]["logger"] == "py.warnings"


def test_an_exception_is_a_field_with_frames_and_no_local_values(lines: Lines) -> None:
    log = lines.configure()
    try:
        fail("of no use")
    except KeyError:
        log.exception("request_failed")
    line = lines.json()[0]

    assert [one["exc_type"] for one in line["exception"]] == ["KeyError", "ValueError"]
    assert line["exception"][0]["frames"][-1]["name"].startswith("fail")
    assert "row-value" not in json.dumps(line)


def test_text_is_one_line_an_event_and_then_its_traceback(lines: Lines) -> None:
    log = lines.configure(form="text")
    log.info("bundle_ready", version="v 7")
    try:
        fail("a\nb")
    except KeyError:
        log.exception("failed")
    first, second, *rest = lines.text().splitlines()

    assert first.endswith('info    bundle_ready logger="house.part" version="v 7"')
    assert second.endswith('error   failed logger="house.part"')
    assert rest[0].startswith("  KeyError: ")
    assert "test_logs.py" in rest[1]


@pytest.mark.parametrize("form", ["json", "text"])
def test_no_value_can_end_a_line_or_steer_a_terminal(lines: Lines, form: str) -> None:
    log = lines.configure(form=form)
    log.info("odd", **{"value": "a\r\n\x1b[31m\u2028\u202e\x85\x00\ud800b", "key\n": 1})
    written = lines.text()

    assert written.count("\n") == 1
    assert not set("\r\x1b\u2028\u202e\x85\x00") & set(written)


def test_the_same_pipeline_serves_a_program_that_configures_logging_itself(lines: Lines) -> None:
    logging.config.dictConfig(logs.stdlib_config("info", "json"))
    logging.getLogger("gunicorn.error").info("Listening")

    assert lines.json()[0]["event"] == "Listening"


def test_a_plain_line_is_the_line_that_the_pipeline_writes(lines: Lines) -> None:
    log = lines.configure()
    with bound_request("abcdefgh"):
        logs.log_plain("house.part", "answered", method="POST", status=200, ms=1.25)
        log.info("answered", method="POST", status=200, ms=1.25)

    plain, usual = lines.json()
    assert plain | {"timestamp": ""} == usual | {"timestamp": ""}


def test_plain_lines_of_one_turn_are_written_in_their_order_once_it_ends(lines: Lines) -> None:
    lines.configure()
    with logs.plain_lines_together():
        for status in (200, 201):
            logs.log_plain("house.part", "answered", status=status)
        assert lines.text() == ""
    logs.log_plain("house.part", "answered", status=202)

    assert [line["status"] for line in lines.json()] == [200, 201, 202]


def test_a_plain_line_keeps_to_the_level_and_the_format(lines: Lines) -> None:
    lines.configure("warning")
    logs.log_plain("house.part", "answered", status=200)
    assert lines.text() == ""

    lines.configure("info", "text")
    logs.log_plain("house.part", "answered", status=200)
    assert lines.text().endswith("status=200\n")
