"""`picklefleet` that dies at its first entry of the journal: `python -m tests.prove.killed_walker before|after ARGUMENTS`."""

import os
import signal
import sys

from lifecycle.releases.journal import ReleaseJournal
from picklefleet.__main__ import main

_append = ReleaseJournal.append


def _fatal(journal, *given, **more):
    if sys.argv[1] == "after":
        _append(journal, *given, **more)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    ReleaseJournal.append = _fatal
    main(sys.argv[2:])
