from pathlib import Path

from lifecycle.prediction_log.drop_counts import DropCounts, HourDrops, read_drop_counts

HOUR = 3_600_000


def counts(tmp_path):
    return DropCounts(tmp_path / "prediction-abc.counts", "prediction", "abc")


def test_drops_add_up_by_hour_and_reason(tmp_path):
    drops = counts(tmp_path)
    drops.add("budget", 3, 5 * HOUR)
    drops.add("budget", 4, 5 * HOUR + 1)
    drops.add("disk_full", 1, 6 * HOUR)

    document = read_drop_counts(drops.path)
    assert (HourDrops(5, "budget", 2, 7), HourDrops(6, "disk_full", 1, 1)) == document.drops
    assert document.number == 3


def test_nothing_dropped_is_no_document(tmp_path):
    drops = counts(tmp_path)
    drops.flush()

    assert read_drop_counts(drops.path) is None


def test_the_file_never_grows(tmp_path):
    drops = counts(tmp_path)
    drops.flush()
    size = drops.path.stat().st_size
    for hour in range(400):
        drops.add("budget", 1_000_000_000, hour * HOUR)

    assert size == drops.path.stat().st_size
    assert sum(drop.events for drop in read_drop_counts(drops.path).drops) == 400


def test_a_slot_torn_by_a_crash_leaves_the_one_before(tmp_path):
    drops = counts(tmp_path)
    drops.add("budget", 3, 0)
    drops.add("budget", 4, 0)
    with drops.path.open("r+b") as file:
        file.seek(20)  # number 2 stands in the first slot
        file.write(b"\0\0\0")

    assert read_drop_counts(drops.path).number == 1


def test_counts_that_could_not_be_written_are_written_later(tmp_path):
    drops = DropCounts(tmp_path / "later" / "prediction-abc.counts", "prediction", "abc")
    (tmp_path / "later").write_bytes(b"in the way")
    drops.add("budget", 3, 0)
    (tmp_path / "later").unlink()
    drops.flush()

    assert read_drop_counts(drops.path).drops[0].rows == 3


def test_a_failed_reservation_leaks_no_handle(tmp_path):
    (tmp_path / "nowhere").write_bytes(b"in the way")
    drops = DropCounts(tmp_path / "nowhere" / "x.counts", "prediction", "abc")
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(20):
        drops.add("budget", 1, 0)

    assert before == len(list(Path("/proc/self/fd").iterdir()))
