"""Every package that is installed anywhere is named by version and hash."""

import re
import subprocess
import sys

import pytest

from tests.gates import tools

LOCKS = [
    *tools.tracked("requirements*.txt"),
    *tools.tracked("*/requirements.txt"),
    *tools.tracked("runtimes/*.txt"),
    *tools.tracked("extras/*.txt"),
]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda file: str(file.relative_to(tools.ROOT)))
def test_every_package_has_its_version_and_hash(lock):
    joined = lock.read_text().replace("\\\n", " ")
    packages = [line for line in joined.splitlines() if line.strip() and not line.lstrip().startswith("#")]

    assert packages
    assert [
        line
        for line in packages
        if not re.match(r"^[A-Za-z0-9._-]+(\[[a-z,]+\])?==\S+.*--hash=sha256:[0-9a-f]{64}", line)
    ] == []


def test_a_package_without_a_hash_is_refused(tmp_path):
    lock = tmp_path / "requirements.txt"
    lock.write_text("six==1.16.0\n")
    done = subprocess.run(
        [sys.executable, "-m", "pip", "download", "--require-hashes", "--no-deps", "-d", str(tmp_path), "-r", str(lock)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode != 0
    assert "hash" in done.stderr.lower()
