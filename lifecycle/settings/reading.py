"""The only reader of the environment."""

import difflib
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lifecycle.errors import SettingsError
from lifecycle.settings.contradictions import contradictions
from lifecycle.settings.table import FILE, PREFIX, Settings, declared

# what a child that runs foreign code may know of the environment: enough to start Python, and no secret
_PLAIN = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH", "PYTHONPATH", "VIRTUAL_ENV")
_NUMERIC_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of `picklefleet settings`; `origin` is the variable it came from, or `default`."""

    name: str
    value: str
    origin: str
    help: str


def load(environ: Mapping[str, str] | None = None, *, overrides: Mapping[str, str] | None = None) -> Settings:
    """`overrides` are settings by name (`PORT`) that stand above the environment: a command's options.

    Raises SettingsError with every problem at once.
    """
    return _read(_environment() if environ is None else environ, overrides or {})[0]


def describe(
    environ: Mapping[str, str] | None = None, *, overrides: Mapping[str, str] | None = None
) -> tuple[Row, ...]:
    """Every setting with its value and where that came from. Raises SettingsError as `load` does."""
    settings, origins = _read(_environment() if environ is None else environ, overrides or {})
    return tuple(
        Row(PREFIX + name, _shown(getattr(settings, name.lower())), origins[name], setting.help)
        for name, setting in declared().items()
    )


def digest(settings: Settings) -> str:
    """Of every setting that is no secret: two releases with the same one are configured alike."""
    shown = {name: _shown(getattr(settings, name.lower())) for name in declared()}
    return hashlib.sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest()


def environment_for(settings: Settings, overrides: Mapping[str, str]) -> dict[str, str]:
    """The environment of a child process that shall have the same settings as this one.

    The thread budget stands in it, because numeric libraries read it once, when they are first imported.
    """
    files = {PREFIX + name + FILE for name in overrides}
    inherited = {name: value for name, value in _environment().items() if name not in files}
    threads = dict.fromkeys(_NUMERIC_THREADS, str(settings.omp_threads))
    return inherited | threads | {PREFIX + name: value for name, value in overrides.items()}


def plain_environment() -> dict[str, str]:
    """The environment of a child process that is not trusted: what Python needs to start, no setting, no secret."""
    return {name: value for name, value in _environment().items() if name in _PLAIN}


def _environment() -> Mapping[str, str]:
    return os.environ  # noqa: TID251 - this is the one place


def _read(environ: Mapping[str, str], overrides: Mapping[str, str]) -> tuple[Settings, dict[str, str]]:
    problems = list(_unknown(environ, overrides))
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for name, setting in declared().items():
        try:
            given, origins[name] = _given(name, environ, overrides)
            values[name.lower()] = setting.convert(given or setting.default)
        except ValueError as problem:
            problems.append(f"{PREFIX}{name} {problem}.")
    if not problems:
        settings = Settings(**values)
        problems = list(contradictions(settings))
    if problems:
        lines = "".join(f"\n  - {problem}" for problem in problems)
        raise SettingsError(f"The settings can't be used:{lines}", fix="\nSee docs/settings.md.")
    return settings, origins


def _given(name: str, environ: Mapping[str, str], overrides: Mapping[str, str]) -> tuple[str, str]:
    """The text given for a setting and its origin; an empty text stands for the default."""
    variable = PREFIX + name
    if name in overrides:
        return overrides[name], "command line"
    direct, file = environ.get(variable, ""), environ.get(variable + FILE, "")
    if direct and file:
        raise ValueError(f"is given twice, also as {variable}{FILE}: keep one of them")
    if file:
        return _content(Path(file)), f"{variable}{FILE}"
    return (direct, variable) if direct else ("", "default")


def _content(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").removesuffix("\n")
    except (OSError, UnicodeDecodeError) as problem:
        raise ValueError(f"can't be read from the file {path} ({type(problem).__name__})") from problem


def _unknown(environ: Mapping[str, str], overrides: Mapping[str, str]) -> Iterator[str]:
    known = [PREFIX + name + ending for name in declared() for ending in ("", FILE)]
    given = [name for name in environ if name.startswith(PREFIX)] + [PREFIX + name for name in overrides]
    for name in sorted(set(given) - set(known)):
        near = difflib.get_close_matches(name, known, n=1)
        yield f"{name} is no setting." + (f" Did you mean {near[0]}?" if near else "")


def _shown(value: Any) -> str:
    if value is None:
        return ""
    return ",".join(value) if isinstance(value, tuple) else str(value)
