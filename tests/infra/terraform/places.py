"""A copy of terraform/ and the command that works on it."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).parents[3] / "terraform"
PLACES = sorted({file.parent.relative_to(SOURCE) for file in SOURCE.rglob("terraform.tf")})
# Only these names of the environment: a person's own subscription must not be met by a test.
NOBODY = {"ARM_SUBSCRIPTION_ID": "00000000-0000-0000-0000-000000000000", "TF_IN_AUTOMATION": "1"}


@dataclass(frozen=True)
class Tree:
    """A copy of terraform/ that may be changed; every place in it is initialised when it is first used."""

    root: Path
    environment: dict

    def run(self, place, *arguments, ok=True):
        self._initialised(place)
        return self._terraform(place, *arguments, ok=ok)

    def _initialised(self, place):
        if not (self.root / place / ".terraform").exists():
            self._terraform(place, "init", "-backend=false", "-input=false")

    def _terraform(self, place, command, *arguments, ok=True):
        done = subprocess.run(
            ["terraform", command, *arguments, *([] if command == "fmt" else ["-no-color"])],
            cwd=self.root / place, env=self.environment, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        assert not ok or done.returncode == 0, (
            f"{command} in {place}:\n{done.stdout[-4000:]}{done.stderr[-4000:]}"
        )
        return done


def copied(folder, environ):
    shutil.copytree(SOURCE, folder, ignore=shutil.ignore_patterns(".terraform*", "terraform.tfstate*"))
    environment = {name: value for name, value in environ.items() if not name.startswith(("ARM_", "TF_VAR_"))}
    return Tree(folder, environment | NOBODY)
