"""The first load of a bundle on a machine, in a process of its own: what kills or fills it, kills no web process.

It answers its golden rows there, and how much memory it takes is measured: before a swap that must be free.
"""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import click
import msgspec

from lifecycle.atomic_file import write_atomically
from lifecycle.bundle import verify_content
from lifecycle.errors import BundleError, PicklefleetError
from lifecycle.golden import replay
from lifecycle.loading import check_runtime, load_model, read_golden
from lifecycle.memory import resident_bytes
from lifecycle.settings import plain_environment
from lifecycle.verdict import Outcome

MEASURED = "measured.json"  # beside the bundle's files; it is of this machine and nobody's promise
MAX_S = 300.0
FAILED = 3


@dataclass(frozen=True, slots=True)
class Measured:
    memory_bytes: int


@dataclass(frozen=True, slots=True)
class Told:
    """Why it did not load."""

    message: str
    fix: str = ""


def try_bundle(folder: Path, digest: str, version: str) -> int:
    """The bytes of memory that the model takes; tried once. Raises BundleError with the reason when it does not load."""
    kept = folder / MEASURED
    if kept.exists():
        return msgspec.json.decode(kept.read_bytes(), type=Measured).memory_bytes
    command = [sys.executable, "-m", "agent.trial", str(folder), digest, version]
    try:
        done = subprocess.run(  # noqa: S603 - our own module
            command, env=plain_environment(), stdout=subprocess.PIPE, timeout=MAX_S, check=False
        )
    except subprocess.TimeoutExpired as problem:
        raise BundleError(f"{version} did not load within {MAX_S:.0f} s.") from problem
    if done.returncode == FAILED:
        told = msgspec.json.decode(done.stdout, type=Told)
        raise BundleError(told.message, fix=told.fix)
    if done.returncode != 0:
        raise BundleError(f"The process that loaded {version} ended with code {done.returncode}.")
    write_atomically(kept, done.stdout)
    return msgspec.json.decode(done.stdout, type=Measured).memory_bytes


def measure(folder: Path, digest: str, version: str) -> int:
    """In the child. The bytes were verified when they came; they are looked at again, for a disk may fail."""
    manifest = verify_content(folder, digest)
    check_runtime(manifest)
    golden, before = read_golden(folder), resident_bytes()
    model = load_model(folder, manifest, digest, version)
    verdict = replay(model, golden)
    if verdict.outcome is not Outcome.PASSED:
        raise BundleError(f"{version} fails its golden rows: {' '.join(verdict.reasons)}")
    return max(resident_bytes() - before, sum(entry.size for entry in manifest.files))


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("digest")
@click.argument("version")
def main(folder: Path, digest: str, version: str) -> None:
    """Load the bundle in FOLDER once and print how much memory it took."""
    _be_the_first_to_die()
    try:
        told: Measured | Told = Measured(measure(folder, digest, version))
    except PicklefleetError as problem:
        told = Told(problem.message, problem.fix)
    except MemoryError:
        told = Told(f"{version} does not fit into memory.")
    click.echo(msgspec.json.encode(told))
    sys.exit(FAILED if isinstance(told, Told) else 0)


def _be_the_first_to_die() -> None:
    """When memory runs out the kernel shall end this process, not one that serves."""
    score = Path("/proc/self/oom_score_adj")
    if score.exists():
        score.write_text("1000", encoding="ascii")


if __name__ == "__main__":
    main()
