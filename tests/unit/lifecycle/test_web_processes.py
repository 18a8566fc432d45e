"""Who lives is said by the kernel: a lock that ends with its process, however that ends."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lifecycle.web_processes import Presence, WebProcess, living

ENTER = """
import sys, time
from pathlib import Path
from lifecycle.web_processes import Presence, WebProcess
presence = Presence.enter(Path(sys.argv[1]), WebProcess(7, prepared="x"))
print("entered", flush=True)
time.sleep(60)
"""


def test_a_folder_that_is_not_there_holds_nobody(tmp_path):
    assert living(tmp_path / "none") == []


def test_the_living_are_told_oldest_first_with_what_they_said(tmp_path):
    young = Presence.enter(tmp_path, WebProcess(2, age=9))
    old = Presence.enter(tmp_path, WebProcess(1, age=3))
    young.say(prepared="policy", serving="before")

    assert living(tmp_path) == [
        WebProcess(1, age=3),
        WebProcess(2, age=9, prepared="policy", serving="before"),
    ]
    old.leave()
    young.leave()


def test_who_leaves_leaves_nothing_behind(tmp_path):
    Presence.enter(tmp_path, WebProcess(1)).leave()

    assert (living(tmp_path), list(tmp_path.iterdir())) == ([], [])


def test_a_killed_process_is_dead_at_once_and_cleared_away(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", ENTER, str(tmp_path)], stdout=subprocess.PIPE, cwd=Path.cwd()
    )
    with process:
        assert process.stdout.readline() == b"entered\n"
        assert living(tmp_path) == [WebProcess(7, prepared="x")]
        process.send_signal(signal.SIGKILL)
    process.wait()

    assert (living(tmp_path), list(tmp_path.iterdir())) == ([], [])


def test_where_nothing_can_be_written_a_process_lives_unseen(tmp_path):
    (tmp_path / "file").write_text("no folder")

    presence = Presence.enter(tmp_path / "file" / "web", WebProcess(1))

    with pytest.raises(OSError, match="Not a directory"):
        presence.say(prepared="x")
    assert presence.said.prepared == "", "what was not written was not said"
    presence.leave()
