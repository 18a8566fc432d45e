"""Run a step that touches a foreign model in a child process that can do little: no network, no secrets, limits.

The child dies with the process that started it: a killed job leaves nothing behind that still works.
"""

import ctypes
import resource
import runpy
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from lifecycle.errors import PicklefleetError
from lifecycle.settings import plain_environment

_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000
_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
_NOTHING: Mapping[str, str] = MappingProxyType({})


class OutOfTimeError(PicklefleetError):
    """The child was still at it after its limit of wall clock."""


class EndedBySignalError(PicklefleetError):
    """The child was killed: by its CPU or memory limit, or because a library crashed."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Hard limits of the child: seconds of wall clock and of CPU, bytes of memory and of any file it writes.

    `network`: only for a team's own code that shares its work with a cluster.
    """

    wall_s: int = 600
    cpu_s: int = 600
    memory_bytes: int = 64 << 30
    file_bytes: int = 8 << 30
    network: bool = False


def run_contained(
    module: str,
    arguments: list[str],
    scratch: Path,
    limits: Limits | None = None,
    environment: Mapping[str, str] = _NOTHING,
) -> int:
    """Run `python -m module arguments…` contained; returns its exit code. Its standard error passes through.

    `environment` stands beside what Python needs to start. Raises OutOfTimeError and EndedBySignalError.
    """
    limits = limits or Limits()
    numbers = (limits.cpu_s, limits.memory_bytes, limits.file_bytes, int(limits.network))
    command = [sys.executable, "-m", "lifecycle.contain", *map(str, numbers), module, *arguments]
    variables = plain_environment() | dict(environment) | {"TMPDIR": str(scratch), "HOME": str(scratch)}
    try:
        done = subprocess.run(command, env=variables, timeout=limits.wall_s, check=False)  # noqa: S603 - our own module
    except subprocess.TimeoutExpired as problem:
        raise OutOfTimeError(f"The process took longer than {limits.wall_s} s.") from problem
    if done.returncode < 0:
        raise EndedBySignalError(f"The process was ended by signal {-done.returncode}.")
    return done.returncode


def contain(limits: Limits) -> None:
    """Give up rights, in this process and for good: new privileges, network, and more than the limits."""
    for kind, limit in (
        (resource.RLIMIT_CPU, limits.cpu_s),
        (resource.RLIMIT_AS, limits.memory_bytes),
        (resource.RLIMIT_FSIZE, limits.file_bytes),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(kind)
        capped = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(kind, (capped, capped))
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        if not limits.network:
            _leave_network(libc)


def _leave_network(libc: ctypes.CDLL) -> bool:
    """Enter an empty network namespace; False where the platform allows it neither with nor without root."""
    return any(libc.unshare(flags) == 0 for flags in (_CLONE_NEWNET, _CLONE_NEWUSER | _CLONE_NEWNET))


def _main(arguments: list[str]) -> None:
    cpu_s, memory_bytes, file_bytes, network, module, *rest = arguments
    contain(Limits(0, int(cpu_s), int(memory_bytes), int(file_bytes), network == "1"))
    sys.argv = [module, *rest]
    runpy.run_module(module, run_name="__main__")


if __name__ == "__main__":
    _main(sys.argv[1:])
