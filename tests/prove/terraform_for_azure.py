"""Stands on the PATH as `terraform`: the real one, and what its provider would have done to Azure (the stand-in of the
provider contacts nothing). Whoever is refused by a lock is told who holds it, as the azurerm backend does; the `http` backend tells
of itself. With DIE_IN_APPLY it is killed while it holds the state's lock, and whoever started it too.
"""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path


def world(**asked):
    request = urllib.request.Request(
        f"{os.environ['FAKE_ARM']}/world", json.dumps(asked).encode(), method="POST"
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read())


def main():
    command = [os.environ["REAL_TERRAFORM"], *sys.argv[1:]]
    moment = Path(os.environ.get("DIE_IN_APPLY") or "/nonexistent")
    if moment.exists() and "apply" in sys.argv:
        moment.unlink()
        die_with_the_lock(command)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    sys.stdout.write(done.stdout)
    sys.stderr.write(of_the_holder(done.stderr))
    if done.returncode == 0 and "apply" in sys.argv:
        shown = subprocess.run(
            [*command[:2], "output", "-raw", "pool"], capture_output=True, text=True, check=True
        )
        world(pool=shown.stdout)
    sys.exit(done.returncode)


def of_the_holder(told):
    holder = world()["lock"] if "Error acquiring the state lock" in told else None
    for name, value in (holder or {}).items():
        told = re.sub(rf"(  {name}: +)\S.*", rf"\g<1>{LIKE[name](value)}" if name in LIKE else r"\g<0>", told)
    return told


def moment_as_told(value):
    return f"{value.replace('T', ' ').removesuffix('Z')} +0000 UTC"


LIKE = {"ID": str, "Who": str, "Operation": str, "Created": moment_as_told}


def die_with_the_lock(command):
    with subprocess.Popen(command) as running:
        while running.poll() is None and not world()["locked"]:
            pass
        running.kill()
    os.kill(os.getppid(), signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)


main()
