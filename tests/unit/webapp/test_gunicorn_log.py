import logging

import pytest

from webapp.gunicorn_log import GunicornLog


def test_what_a_client_sent_is_not_logged_at_any_level(caplog: pytest.LogCaptureFixture) -> None:
    log = GunicornLog.__new__(
        GunicornLog
    )  # without its setup, which configures the logs of the whole process
    log.error_log = logging.getLogger("tests.gunicorn")

    with caplog.at_level(logging.DEBUG, "tests.gunicorn"):
        log.debug("%s %s", "GET", "/a/person?q=person")
        log.debug("Closing connection.")

    assert [record.getMessage() for record in caplog.records] == ["Closing connection."]
