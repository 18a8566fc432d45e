"""Write each place's table of inputs and outputs, and a module's example, into its README.md:
`python terraform/tables.py [--check]`. An example has the values that the module's own tests begin with.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hcl2

HERE = Path(__file__).parent
BEGIN, END = "<!-- tables: written by `make docs` -->", "<!-- end of tables -->"


def main(arguments: list[str]) -> int:
    stale = [readme for readme in _readmes() if _write(readme, only_check="--check" in arguments)]
    for readme in stale:
        print(f"{readme.relative_to(HERE.parent)} is not up to date: run `make docs`.", file=sys.stderr)
    return bool(stale) and "--check" in arguments


def _readmes() -> list[Path]:
    return sorted(
        file.parent / "README.md" for file in HERE.rglob("variables.tf") if ".terraform" not in file.parts
    )


def _write(readme: Path, *, only_check: bool) -> bool:
    """True when the file is not what it should be."""
    text = (
        readme.read_text(encoding="utf-8")
        if readme.exists()
        else f"# {readme.parent.name}\n\n{BEGIN}\n{END}\n"
    )
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    wanted = f"{before}{BEGIN}\n{_tables(readme.parent)}{END}{after}"
    if wanted == (readme.read_text(encoding="utf-8") if readme.exists() else None):
        return False
    if not only_check:
        readme.write_text(wanted, encoding="utf-8")
    return only_check


def _tables(place: Path) -> str:
    inputs = "".join(_input(name, body) for name, body in _blocks(place / "variables.tf", "variable"))
    outputs = "".join(
        f"| `{name}` | {_prose(body)} |\n" for name, body in _blocks(place / "outputs.tf", "output")
    )
    return f"\n| input | default | meaning |\n|---|---|---|\n{inputs}\n| output | meaning |\n|---|---|\n{outputs}\n{_example(place)}"


def _example(place: Path) -> str:
    tests = place / "tests" / f"{place.name}.tftest.hcl"
    if place.parent.name != "modules":
        return ""
    found = re.search(r"^variables \{\n(.*?)^\}", tests.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    if found is None:
        raise SystemExit(f"{tests} begins with no variables: its module has no example.")
    return f'```hcl\nmodule "{place.name}" {{\n  source = "../modules/{place.name}"\n\n{found[1]}}}\n```\n\n'


def _input(name: str, body: dict[str, Any]) -> str:
    default = f"`{_plain(body['default'])}`" if "default" in body else "**needed**"
    return f"| `{name}` | {default} | {_prose(body)} |\n"


def _blocks(file: Path, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    if not file.exists():
        return
    document = hcl2.loads(file.read_text(encoding="utf-8"))
    for block in document.get(kind, []):
        for name, body in block.items():
            yield name.strip('"'), body


def _prose(body: dict[str, Any]) -> str:
    text = str(body["description"])
    if "<<" in text[:4]:
        text = " ".join(text.split("\n")[1:-1])
    return " ".join(text.strip('"').replace('\\"', '"').replace("|", "\\|").split())


def _plain(value: Any) -> str:
    return json.dumps(_unquoted(value), ensure_ascii=False)


def _unquoted(value: Any) -> Any:
    """The parser keeps the quotes of texts and keys, and tells of its own besides."""
    if isinstance(value, dict):
        return {_unquoted(key): _unquoted(one) for key, one in value.items() if not key.startswith("__")}
    if isinstance(value, list):
        return [_unquoted(one) for one in value]
    return value.removeprefix('"').removesuffix('"') if isinstance(value, str) else value


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
