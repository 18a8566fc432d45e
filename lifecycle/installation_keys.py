"""The secret keys of an installation: from the settings, or from the files that `picklefleet trust init` makes."""

import secrets
from dataclasses import dataclass
from pathlib import Path

from lifecycle.atomic_file import write_atomically
from lifecycle.converters import secret_key
from lifecycle.errors import SettingsError
from lifecycle.prediction import FleetKey
from lifecycle.settings import PREFIX, Settings


@dataclass(frozen=True, slots=True)
class SecretKey:
    """A key's name in words; its file is `<word>.key` in the keys' folder, its setting `<WORD>_KEY`."""

    word: str

    @property
    def file(self) -> str:
        return f"{self.word}.key"


FLEET = SecretKey("fleet")  # checks prediction ids; is rotated
RECORDS = SecretKey("records")  # hashes private fields in the log; stays, or all hashes would change


def create_key(key: SecretKey, folder: Path) -> Path | None:
    """Make the key (mode 0600) unless it is there; the path if one was made."""
    path = folder / key.file
    if path.exists():
        return None
    write_atomically(path, secrets.token_hex(32).encode(), mode=0o600)
    return path


def load_fleet_key(settings: Settings) -> FleetKey:
    """The settings decide, else the file in the keys' folder. Raises SettingsError when there is neither."""
    current = _load(FLEET, settings.fleet_key.value, settings.keys_dir)
    return FleetKey(current, settings.fleet_key_previous.value or None)


def load_records_key(settings: Settings) -> bytes:
    """The settings decide, else the file in the keys' folder. Raises SettingsError when there is neither."""
    return _load(RECORDS, settings.records_key.value, settings.keys_dir)


def _load(key: SecretKey, from_settings: bytes, folder: Path) -> bytes:
    found = from_settings or _from_file(key, folder)
    if not found:
        raise SettingsError(
            f"There is no {key.word} key.",
            fix=f"Set {PREFIX}{key.word.upper()}_KEY_FILE, or make one for this installation: picklefleet trust init",
        )
    return found


def _from_file(key: SecretKey, folder: Path) -> bytes:
    path = folder / key.file
    try:
        return secret_key(path.read_text(encoding="utf-8").strip()).value
    except FileNotFoundError:
        return b""
    except (OSError, ValueError) as problem:
        raise SettingsError(f"The {key.word} key {path} can't be read.") from problem
