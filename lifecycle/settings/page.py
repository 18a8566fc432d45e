"""The page docs/settings.md."""

from lifecycle.settings.table import FILE, PREFIX, declared

_PAGE = f"""# Settings

Every setting is an environment variable. All of them are checked at start, and all problems are told at once.
`picklefleet settings` shows the values in force and where each came from; secrets are never shown.

- Each has a twin with `{FILE}` at its end that names a file to read the value from; one newline at the file's
  end is dropped. Giving both is a mistake.
- An empty value stands for the default.
- A variable that starts with `{PREFIX}` and is not in this list is refused: it is a misspelling.

This page is written by `picklefleet settings --markdown`.

| Variable | Default | Meaning |
|---|---|---|
"""


def markdown() -> str:
    """Every setting as a row of one table."""
    lines = [
        f"| `{PREFIX}{name}` | {f'`{setting.default}`' if setting.default else ''} | {setting.help} |"
        for name, setting in declared().items()
    ]
    return _PAGE + "\n".join(lines) + "\n"
