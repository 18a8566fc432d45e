"""A file holds the old content or the new, never half of either."""

import os
import stat

import pytest

from lifecycle.atomic_file import write_atomically


def test_it_makes_the_folders_on_the_way(tmp_path):
    write_atomically(tmp_path / "a" / "b" / "c", b"data")

    assert (tmp_path / "a" / "b" / "c").read_bytes() == b"data"


def test_it_replaces_what_was_there(tmp_path):
    path = tmp_path / "state"
    write_atomically(path, b"old" * 100)
    write_atomically(path, b"new")

    assert path.read_bytes() == b"new"


def test_the_mode_is_exact(tmp_path):
    write_atomically(tmp_path / "key", b"", mode=0o600)

    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600


def test_a_failed_write_leaves_the_old_content_and_no_litter(tmp_path, monkeypatch):
    path = tmp_path / "state"
    write_atomically(path, b"old")

    def fail(_handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space"):
        write_atomically(path, b"new")

    assert path.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["state"]
