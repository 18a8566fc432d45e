"""Run a step that touches a foreign model in a child process that can do little: no network, no secrets, limits."""

import ctypes
import resource
import runpy
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from lifecycle.errors import ModelRefusedError
from lifecycle.settings import plain_environment

_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000
_PR_SET_NO_NEW_PRIVS = 38


@dataclass(frozen=True, slots=True)
class Limits:
    """Hard limits of the child: seconds of wall clock and of CPU, bytes of memory and of any file it writes."""

    wall_s: int = 600
    cpu_s: int = 600
    memory_bytes: int = 64 << 30
    file_bytes: int = 8 << 30


def run_contained(module: str, arguments: list[str], scratch: Path, limits: Limits | None = None) -> int:
    """Run `python -m module arguments…` contained; returns its exit code. Its standard error passes through.

    Raises ModelRefusedError when the child outlives its limits or is ended by a signal.
    """
    limits = limits or Limits()
    numbers = [str(number) for number in (limits.cpu_s, limits.memory_bytes, limits.file_bytes)]
    command = [sys.executable, "-m", "intake.contain", *numbers, module, *arguments]
    environment = plain_environment() | {"TMPDIR": str(scratch), "HOME": str(scratch)}
    try:
        done = subprocess.run(command, env=environment, timeout=limits.wall_s, check=False)  # noqa: S603 - our own module
    except subprocess.TimeoutExpired as problem:
        raise ModelRefusedError(
            f"The model took longer than {limits.wall_s} s to load and to answer its first rows.",
            fix="Load it by hand to see where it waits, or give a smaller --sample.",
        ) from problem
    if done.returncode < 0:
        raise ModelRefusedError(
            f"The process that loaded the model was ended by signal {-done.returncode}.",
            fix="Its memory or CPU limit was reached, or a library crashed: load it by hand in this runtime.",
        )
    return done.returncode


def contain(cpu_s: int, memory_bytes: int, file_bytes: int) -> None:
    """Give up rights, in this process and for good: new privileges, network, and more than the limits."""
    for kind, limit in (
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_FSIZE, file_bytes),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(kind)
        capped = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(kind, (capped, capped))
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        _leave_network(libc)


def _leave_network(libc: ctypes.CDLL) -> bool:
    """Enter an empty network namespace; False where the platform allows it neither with nor without root."""
    return any(libc.unshare(flags) == 0 for flags in (_CLONE_NEWNET, _CLONE_NEWUSER | _CLONE_NEWNET))


def _main(arguments: list[str]) -> None:
    cpu_s, memory_bytes, file_bytes, module, *rest = arguments
    contain(int(cpu_s), int(memory_bytes), int(file_bytes))
    sys.argv = [module, *rest]
    runpy.run_module(module, run_name="__main__")


if __name__ == "__main__":
    _main(sys.argv[1:])
