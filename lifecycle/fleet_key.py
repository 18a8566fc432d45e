"""The fleet key of an installation: from the settings, or from the file that `picklefleet trust init` makes."""

import secrets
from pathlib import Path

from lifecycle.atomic_file import write_atomically
from lifecycle.converters import secret_key
from lifecycle.errors import SettingsError
from lifecycle.prediction import FleetKey
from lifecycle.settings import Settings

FILE = "fleet.key"


def create_fleet_key(folder: Path) -> Path | None:
    """Make the key (mode 0600) unless it is there; the path if one was made."""
    path = folder / FILE
    if path.exists():
        return None
    write_atomically(path, secrets.token_hex(32).encode(), mode=0o600)
    return path


def load_fleet_key(settings: Settings) -> FleetKey:
    """The settings decide, else the file in the keys' folder. Raises SettingsError when there is neither."""
    current = settings.fleet_key.value or _from_file(settings.keys_dir / FILE)
    if not current:
        raise SettingsError(
            "There is no fleet key.",
            fix="Set PICKLEFLEET_FLEET_KEY_FILE, or make one for this installation: picklefleet trust init",
        )
    return FleetKey(current, settings.fleet_key_previous.value or None)


def _from_file(path: Path) -> bytes:
    try:
        return secret_key(path.read_text(encoding="utf-8").strip()).value
    except FileNotFoundError:
        return b""
    except (OSError, ValueError) as problem:
        raise SettingsError(f"The fleet key {path} can't be read.") from problem
