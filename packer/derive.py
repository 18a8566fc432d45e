"""What Packer 1.6.6 can read of this folder (the last one that a distribution carries): `python packer/derive.py FOLDER`.

It knows neither `required_plugins` nor what azure-arm learnt since, and wants what that no longer needs. Lines say for
themselves which of both they are; everything else is the same text.
"""

import re
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).parent
_TODAY = re.compile(r"# today$")
_OLD = re.compile(r"^(\s*)#1\.6\.6 (.*)$")


def derived(text):
    """One template for 1.6.6."""
    kept = (line for line in text.splitlines() if not _TODAY.search(line.rstrip()))
    return "\n".join(_OLD.sub(r"\1\2", line) for line in kept) + "\n"


def derive(source, folder):
    """`folder` then holds every template of `source` but the plugins, and the files that these name by `path.root`."""
    folder.mkdir(parents=True, exist_ok=True)
    for template in sorted(source.glob("*.pkr.hcl")):
        if template.name != "plugins.pkr.hcl":
            (folder / template.name).write_text(derived(template.read_text()))
    for script in (*source.glob("*.sh"), source / "check_model.py"):
        shutil.copy(script, folder / script.name)
    beside = folder.parent / "ansible"
    if not beside.exists():
        beside.symlink_to(source.resolve().parent / "ansible")


if __name__ == "__main__":
    derive(HERE, Path(sys.argv[1]))
