"""The worker as a process of its own, and a mail server that wants STARTTLS and a password."""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from email import policy
from pathlib import Path

from tests.mail_servers import PASSWORD, USER, Inbox, good_server, make_authority
from tests.report_builders import finding, report, shifted


def test_a_report_that_nobody_mailed_is_mailed_by_the_next_worker(tmp_path):
    """Its maker died right after it: a kill at the worst moment."""
    yesterday = datetime.now(UTC).date() - timedelta(days=1 if datetime.now(UTC).hour >= 2 else 2)
    before = yesterday - timedelta(days=1)
    for document in (
        report(finding("delay"), night=before.isoformat()),
        report(shifted("delay"), night=yesterday.isoformat()),
    ):
        path = tmp_path / "store" / "reports" / document["night"] / "report.json"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(document))
    authority, inbox = make_authority(tmp_path / "authority"), Inbox()
    secret = tmp_path / "password"
    secret.write_text(f"{PASSWORD}\n")
    with good_server(authority, inbox) as port:
        given = {
            "STORE": tmp_path / "store", "KEYS_DIR": tmp_path / "keys", "MACHINE_DIR": tmp_path / "machine",
            "SMTP_HOST": "localhost", "SMTP_PORT": port, "SMTP_CA": authority.ca, "SMTP_USER": USER,
            "SMTP_PASSWORD_FILE": secret, "MAIL_FROM": "nights@example.org", "MAIL_TO": "ops@example.org",
        }  # fmt: skip
        environment = os.environ | {f"PICKLEFLEET_{name}": str(value) for name, value in given.items()}
        picklefleet = Path(sys.executable).with_name("picklefleet")
        subprocess.run([picklefleet, "trust", "init"], env=environment, check=True, capture_output=True)
        worker = subprocess.Popen([picklefleet, "work"], env=environment)
        try:
            _until(lambda: len(inbox.got) == 2)
        finally:
            worker.send_signal(signal.SIGTERM)
            ended = worker.wait(20)
        outbox = subprocess.run(
            [picklefleet, "report", "outbox"], env=environment, check=True, capture_output=True, text=True
        ).stdout

    newest = inbox.got[1][1]
    assert ended == 0
    assert newest["Subject"].startswith("[drift] flights v1: delay shifted")
    assert "New: delay shifted" in newest.get_body(("plain",)).get_content()
    assert len(newest.as_bytes(policy=policy.SMTP)) < 100_000
    assert outbox.count("  sent ") == 2


def _until(done, seconds=60):
    ends = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < ends, "it did not come about"
        time.sleep(0.1)
