import multiprocessing
import os
import subprocess
import sys
import threading
from collections import Counter

import pytest

from lifecycle.prediction_log.drop_counts import read_drop_counts
from lifecycle.prediction_log.process_spool import SpoolLimits
from lifecycle.prediction_log.spool import SpoolWriter
from lifecycle.prediction_log.spool_files import (
    adopt_orphans,
    first_event,
    read_events,
    sealed_path,
    spool_files,
)

HEADER = b'{"columns":[]}'


def writer(folder, **limits):
    return SpoolWriter(folder, "prediction", HEADER, SpoolLimits(**limits), background=False)


def events(folder):
    return [event for spool in spool_files(folder) for event in list(read_events(spool.path))[1:]]


def dropped(folder):
    documents = [read_drop_counts(path) for path in folder.glob("*.counts")]
    counts = Counter()
    for drop in (drop for document in documents if document for drop in document.drops):
        counts[drop.reason] += drop.rows
    return counts


def test_an_event_can_be_read_as_soon_as_append_returns(tmp_path):
    spool = writer(tmp_path)

    assert spool.append(b"one", 1)
    assert events(tmp_path) == [b"one"]


def test_each_file_begins_with_the_header(tmp_path):
    spool = writer(tmp_path, seal_bytes=1)
    for number in range(3):
        spool.append(b"%d" % number, 1)
    spool.close()

    assert [first_event(file.path) for file in spool_files(tmp_path)] == [HEADER] * 3
    assert events(tmp_path) == [b"0", b"1", b"2"]


def test_a_file_is_sealed_at_its_size(tmp_path):
    spool = writer(tmp_path, seal_bytes=100)
    spool.append(b"x" * 100, 1)
    spool.tick()
    spool.append(b"y", 1)

    assert [(file.sequence, file.sealed) for file in spool_files(tmp_path)] == [(0, True), (1, False)]


def test_a_file_is_sealed_at_its_age(tmp_path):
    spool = writer(tmp_path, seal_age_s=0)
    spool.append(b"one", 1)
    spool.tick()

    assert [file.sealed for file in spool_files(tmp_path)] == [True]


def test_nothing_is_sealed_that_holds_no_event(tmp_path):
    spool = writer(tmp_path, seal_age_s=0)
    spool.append(b"one", 1)
    spool.tick()
    for _ in range(3):
        spool.tick()
    spool.close()

    assert len(spool_files(tmp_path)) == 1
    assert not list(tmp_path.glob("*.counts")), "no drops, nothing left behind"


def test_events_after_a_close_open_a_file_of_their_own(tmp_path):
    spool = writer(tmp_path)
    for event in (b"one", b"two"):
        assert spool.append(event, 1)
        spool.close()

    assert events(tmp_path) == [b"one", b"two"]
    assert len(spool_files(tmp_path)) == 2


def test_a_living_writers_file_is_left_alone_and_a_dead_ones_is_sealed(tmp_path):
    living = writer(tmp_path)
    living.append(b"one", 1)

    assert adopt_orphans(tmp_path) == []
    code = f"""
import os, sys
from pathlib import Path
from lifecycle.prediction_log.process_spool import SpoolLimits
from lifecycle.prediction_log.spool import SpoolWriter
SpoolWriter(Path({str(tmp_path)!r}), "prediction", b"h", SpoolLimits()).append(b"two", 1)
os.kill(os.getpid(), 9)
"""
    subprocess.run([sys.executable, "-c", code], check=False)
    dead = next(file.path for file in spool_files(tmp_path) if first_event(file.path) == b"h")
    assert [sealed_path(dead)] == adopt_orphans(tmp_path)
    assert {b"one", b"two"} == set(events(tmp_path))


def in_child(work):
    child = multiprocessing.get_context("fork").Process(target=work)
    child.start()
    child.join(20)
    assert child.exitcode == 0


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_child_opens_a_file_of_its_own(tmp_path):
    spool = writer(tmp_path)
    spool.append(b"parent", 1)
    in_child(lambda: [spool.append(b"child", 1), spool.close()])
    spool.append(b"parent again", 1)

    assert len({file.origin for file in spool_files(tmp_path)}) == 2
    assert {b"parent", b"parent again", b"child"} == set(events(tmp_path))
    assert len([file for file in spool_files(tmp_path) if not file.sealed]) == 1, "the parent's is still open"


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_lock_held_at_the_fork_does_not_stop_the_child(tmp_path):
    spool = writer(tmp_path)
    spool.append(b"parent", 1)
    with spool._mine()._lock:
        in_child(lambda: os._exit(0 if spool.append(b"child", 1) else 1))

    assert b"child" in events(tmp_path)


def test_threads_write_whole_events(tmp_path):
    spool = writer(tmp_path, seal_bytes=2000)
    threads = [
        threading.Thread(
            target=lambda n=n: [spool.append(b"%d-%d" % (n, i) + b"." * 50, 1) for i in range(200)]
        )
        for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    spool.close()

    assert {b"%d-%d" % (n, i) + b"." * 50 for n in range(4) for i in range(200)} == set(events(tmp_path))
    assert len(events(tmp_path)) == 800


def test_the_background_thread_seals_without_further_events(tmp_path):
    spool = SpoolWriter(tmp_path, "prediction", HEADER, SpoolLimits(seal_age_s=0))
    spool.append(b"one", 1)
    for _ in range(100):
        if all(file.sealed for file in spool_files(tmp_path)):
            break
        threading.Event().wait(0.05)

    assert [file.sealed for file in spool_files(tmp_path)] == [True]
    spool.close()


def test_over_the_budget_events_are_counted_and_the_caller_goes_on(tmp_path):
    spool = writer(tmp_path, budget_bytes=25_000)
    taken = [spool.append(b"x" * 10_000, 7) for _ in range(6)]

    assert taken == [True, True, False, False, False, False]
    assert dropped(tmp_path) == {"budget": 28}


def test_several_events_are_written_in_one_piece_or_all_of_them_are_counted(tmp_path):
    spool = writer(tmp_path, budget_bytes=25_000)

    assert spool.append_all([(b"one", 1), (b"two", 2)])
    assert not spool.append_all([(b"x" * 15_000, 3), (b"y" * 15_000, 4)])
    assert spool.append_all([(b"three", 5)])

    (file,) = spool_files(tmp_path)
    assert list(read_events(file.path))[1:] == [b"one", b"two", b"three"]
    assert dropped(tmp_path) == {"budget": 7}


def test_the_budget_is_for_all_processes_together(tmp_path):
    (tmp_path / "another.sealed").write_bytes(b"x" * 50_000)

    assert not writer(tmp_path, budget_bytes=40_000).append(b"x", 1)


def test_room_made_by_shipping_is_used_again(tmp_path):
    (tmp_path / "another.sealed").write_bytes(b"x" * 50_000)
    spool = writer(tmp_path, budget_bytes=40_000)
    assert not spool.append(b"x", 1)
    (tmp_path / "another.sealed").unlink()
    threading.Event().wait(1.1)  # the directory is looked at once a second

    assert spool.append(b"x", 1)


def test_a_directory_that_can_not_be_written_is_no_error_of_the_request(tmp_path):
    (tmp_path / "file").write_bytes(b"")

    assert not writer(tmp_path / "file" / "spool").append(b"x", 1)


SHORT_OF_SPACE = """
import resource, signal, sys
from pathlib import Path
from lifecycle.prediction_log.process_spool import SpoolLimits
from lifecycle.prediction_log.spool import SpoolWriter
spool = SpoolWriter(Path(sys.argv[1]), "prediction", b"h", SpoolLimits(), background=False)
assert spool.append(b"before", 1)
resource.setrlimit(resource.RLIMIT_FSIZE, (16384 + 700, resource.RLIM_INFINITY))
taken = [spool.append(b"%04d" % n + b"x" * 996, 1) for n in range(30)]
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
assert spool.append(b"after", 1)
print(sum(taken))
"""


def test_a_write_that_is_cut_short_leaves_no_torn_row(tmp_path):
    """The limit on file sizes cuts a write in the middle, as a full disk does."""
    done = subprocess.run(
        [sys.executable, "-c", SHORT_OF_SPACE, str(tmp_path)], check=True, capture_output=True, text=True
    )
    taken = int(done.stdout)
    (file,) = spool_files(tmp_path)
    reader = read_events(file.path)
    found = list(reader)[1:]

    assert 0 < taken < 30
    assert [found[0], found[-1]] == [b"before", b"after"]
    assert taken == len(found) - 2
    assert (reader.torn_tail_bytes, reader.damaged_bytes) == (0, 0)
    assert {"disk_full": 30 - taken} == dropped(tmp_path)


def mounted(folder, size):
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    return os.geteuid() == 0 and not subprocess.run(command, check=False, capture_output=True).returncode


def test_a_full_disk_drops_what_the_ledger_says_and_recovers(tmp_path):
    disk = tmp_path / "disk"
    if not mounted(disk, "256k"):
        pytest.skip("needs the right to mount a tmpfs")
    try:
        spool = writer(disk / "spool")
        ledger = [b"%05d" % n + b"x" * 3000 for n in range(200)]
        acknowledged = [event for event in ledger if spool.append(event, 1)]
        assert 0 < len(acknowledged) < 200
        assert {"disk_full": 200 - len(acknowledged)} == dropped(disk / "spool")
        subprocess.run(["mount", "-o", "remount,size=1m", str(disk)], check=True)
        assert spool.append(b"after", 1)
        spool.close()
        assert [*acknowledged, b"after"] == events(disk / "spool")
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)
