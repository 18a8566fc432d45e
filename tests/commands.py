"""`picklefleet` as a person runs it: a process of its own."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def picklefleet(*arguments, environment=None, check=True, seconds=1200, program=("picklefleet",)):
    """`program`: the module that is run, and what stands before the arguments."""
    done = subprocess.run(
        [sys.executable, "-m", *program, *map(str, arguments)],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=seconds, check=False,
    )  # fmt: skip
    assert not check or done.returncode == 0, done.stdout + done.stderr
    return done
