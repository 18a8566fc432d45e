"""`python image/bill.py PYTHON.cdx.json`: add the operating system's packages to a CycloneDX list; prints the whole."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

FORMAT = "${Package}\t${Version}\t${Architecture}\n"


def main(path: Path) -> None:
    document = json.loads(path.read_text(encoding="utf-8"))
    document.setdefault("components", []).extend(debian_packages(installed()))
    json.dump(document, sys.stdout, indent=1, sort_keys=True)


def installed() -> str:
    return subprocess.run(  # noqa: S603 - a fixed command
        ["dpkg-query", "--show", f"--showformat={FORMAT}"],  # noqa: S607 - the image's own
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def debian_packages(listed: str) -> list[dict[str, Any]]:
    return [
        {
            "type": "library",
            "name": name,
            "version": version,
            "purl": f"pkg:deb/debian/{name}@{version}?arch={architecture}",
            "bom-ref": f"deb:{name}",
        }
        for name, version, architecture in (line.split("\t") for line in listed.splitlines())
    ]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
