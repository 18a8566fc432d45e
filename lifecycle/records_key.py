"""The records key hashes private fields in the log. It is not the fleet key: that one is rotated, this one stays."""

import secrets
from pathlib import Path

from lifecycle.atomic_file import write_atomically
from lifecycle.converters import secret_key
from lifecycle.errors import SettingsError
from lifecycle.settings import Settings

FILE = "records.key"


def create_records_key(folder: Path) -> Path | None:
    """Make the key (mode 0600) unless it is there; the path if one was made."""
    path = folder / FILE
    if path.exists():
        return None
    write_atomically(path, secrets.token_hex(32).encode(), mode=0o600)
    return path


def load_records_key(settings: Settings) -> bytes:
    """The settings decide, else the file in the keys' folder. Raises SettingsError when there is neither."""
    key = settings.records_key.value or _from_file(settings.keys_dir / FILE)
    if not key:
        raise SettingsError(
            "There is no records key.",
            fix="Set PICKLEFLEET_RECORDS_KEY_FILE, or make one for this installation: picklefleet trust init",
        )
    return key


def _from_file(path: Path) -> bytes:
    try:
        return secret_key(path.read_text(encoding="utf-8").strip()).value
    except FileNotFoundError:
        return b""
    except (OSError, ValueError) as problem:
        raise SettingsError(f"The records key {path} can't be read.") from problem
