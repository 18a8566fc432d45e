"""`python image/size_budget.py IMAGE BASE [EXTRA…]`: each layer above the base with its budget, and what the big one is
made of. An extra brings a budget of its own.

Ends with 1 when a layer or the whole is above its budget.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

MB = 1_000_000
TOTAL_MB = 450
LIBRARIES = "libraries"
EXTRAS_MB = {"plots": 100, "azure-monitor": 20}
# what a layer's command holds → its name and its budget
LAYERS = (
    (re.compile(r" in /opt/venv"), LIBRARIES, 440),
    (re.compile(r" in /opt/picklefleet"), "our code", 6),
    (re.compile(r" in /opt/sbom"), "list of contents", 1),
    (re.compile(r"useradd"), "user and folders", 1),
    (re.compile(r"."), "anything else", 1),
)
# size of each installed distribution, by its own list of files
LISTING = """
import json
from importlib.metadata import distributions
from pathlib import Path
sizes = {}
for one in distributions(path=[p for p in __import__("sys").path if "site-packages" in p]):
    paths = [Path(one.locate_file(file)) for file in one.files or ()]
    compiled = [c for p in paths if p.suffix == ".py" for c in (p.parent / "__pycache__").glob(p.stem + ".cpython-*.pyc")]
    sizes[one.metadata["Name"]] = sum(p.stat().st_size for p in {*paths, *compiled} if p.is_file())
print(json.dumps(sizes))
"""


@dataclass(frozen=True, slots=True)
class Layer:
    name: str
    size: int
    budget: int

    @property
    def fits(self) -> bool:
        return self.size <= self.budget


def main(image: str, base: str, *extras: str) -> None:
    more = sum(EXTRAS_MB.get(extra, 0) for extra in extras)
    layers = [named(size, command, more) for size, command in above(history(image), history(base))]
    total = sum(layer.size for layer in layers)
    whole = Layer("above the base", total, (TOTAL_MB + more) * MB)
    for layer in [*(one for one in layers if one.size), whole]:
        print(
            f"{'' if layer.fits else '! '}{layer.name:<18}{layer.size / MB:>7.1f} MB of {layer.budget / MB:.0f}"
        )
    print("Libraries: " + ", ".join(f"{name} {size / MB:.0f}" for name, size in biggest(installed(image))))
    sys.exit(0 if all(layer.fits for layer in [*layers, whole]) else 1)


def above(image: list[tuple[int, str]], base: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """The image's own layers: what it has before (histories begin with the newest) those of its base."""
    return image[: len(image) - len(base)]


def named(size: int, command: str, extras_mb: int = 0) -> Layer:
    name, budget = next((name, budget) for pattern, name, budget in LAYERS if pattern.search(command))
    return Layer(name, size, (budget + (extras_mb if name == LIBRARIES else 0)) * MB)


def biggest(sizes: dict[str, int], count: int = 12) -> Iterator[tuple[str, int]]:
    ordered = sorted(sizes.items(), key=lambda item: -item[1])
    yield from ordered[:count]
    yield f"{len(ordered) - count} others", sum(size for _, size in ordered[count:])


def history(image: str) -> list[tuple[int, str]]:
    lines = docker("history", "--no-trunc", "--human=false", "--format", "{{.Size}}\t{{.CreatedBy}}", image)
    return [(int(size), command) for size, _, command in (line.partition("\t") for line in lines)]


def installed(image: str) -> dict[str, int]:
    [line] = docker("run", "--rm", "--network", "none", "--entrypoint", "python", image, "-c", LISTING)
    sizes: dict[str, int] = json.loads(line)
    return sizes


def docker(*arguments: str) -> Iterable[str]:
    done = subprocess.run(["docker", *arguments], check=True, capture_output=True, text=True)  # noqa: S603, S607
    return done.stdout.splitlines()


if __name__ == "__main__":
    main(*sys.argv[1:])
