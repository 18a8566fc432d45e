import math

import pytest

from lifecycle.memory import free_bytes, resident_bytes


def test_memory_that_is_used_is_counted():
    before = resident_bytes()
    held = bytearray(b"x" * 50_000_000)

    assert resident_bytes() - before > 40_000_000
    assert len(held) == 50_000_000


@pytest.fixture
def meminfo(tmp_path):
    path = tmp_path / "meminfo"
    path.write_text("MemTotal:  8000 kB\nMemAvailable:  1000 kB\n")
    return path


def cgroup(folder, most, held, files):
    folder.mkdir()
    (folder / "memory.max").write_text(f"{most}\n")
    (folder / "memory.current").write_text(f"{held}\n")
    (folder / "memory.stat").write_text(f"anon 1\ninactive_file {files}\n")
    return folder


def test_what_is_free_is_the_machine_s_where_no_group_is_tighter(meminfo, tmp_path):
    assert free_bytes(meminfo, []) == 1_024_000
    assert free_bytes(meminfo, [cgroup(tmp_path / "wide", "max", 5, 5)]) == 1_024_000


def test_a_group_s_limit_counts_and_files_that_were_read_do_not(meminfo, tmp_path):
    groups = [cgroup(tmp_path / "inner", 900_000, 500_000, 100_000), cgroup(tmp_path / "outer", "max", 1, 1)]

    assert free_bytes(meminfo, groups) == 500_000


def test_a_group_over_its_limit_has_nothing_left(meminfo, tmp_path):
    assert free_bytes(meminfo, [cgroup(tmp_path / "full", 100, 200, 0)]) == 0


def test_where_nobody_tells_nothing_is_refused(tmp_path):
    assert free_bytes(tmp_path / "none", [tmp_path / "no-group"]) == math.inf


def test_this_machine_tells():
    assert 0 < free_bytes() < 1e15
