import math
import os
from pathlib import Path

import pytest

from lifecycle.cpus import available_cpus, cpu_quota


@pytest.fixture
def own_group(tmp_path: Path) -> Path:
    file = tmp_path / "own"
    file.write_text("0::/system.slice/web.service\n")
    (tmp_path / "fs/system.slice/web.service").mkdir(parents=True)
    return file


def test_the_tightest_quota_of_the_group_and_its_parents_counts(tmp_path: Path, own_group: Path) -> None:
    (tmp_path / "fs/system.slice/cpu.max").write_text("150000 100000\n")
    (tmp_path / "fs/system.slice/web.service/cpu.max").write_text("400000 100000\n")

    assert cpu_quota(tmp_path / "fs", own_group) == 1.5


def test_max_and_a_missing_file_are_no_limit(tmp_path: Path, own_group: Path) -> None:
    (tmp_path / "fs/system.slice/cpu.max").write_text("max 100000\n")

    assert cpu_quota(tmp_path / "fs", own_group) == math.inf
    assert cpu_quota(tmp_path / "nowhere", tmp_path / "nowhere") == math.inf


def test_half_a_cpu_is_still_one_worker(tmp_path: Path, own_group: Path) -> None:
    (tmp_path / "fs/cpu.max").write_text("50000 100000\n")

    assert available_cpus(tmp_path / "fs", own_group) == 1


def test_without_a_quota_the_affinity_decides(tmp_path: Path, own_group: Path) -> None:
    assert available_cpus(tmp_path / "fs", own_group) == len(os.sched_getaffinity(0))
