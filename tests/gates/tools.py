"""The static gates: each answers the findings in a folder, so that "none" is an answer and not a silence."""

import json
import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BIN = Path(os.environ.get("CHECKS_BIN", ROOT / ".venv-checks" / "bin"))


def tracked(*patterns):
    """The files of the repository that fit, by git's own patterns."""
    listed = subprocess.run(
        ["git", "ls-files", *patterns], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def terraform(folder):
    """What checkov fails, and what it can't read: it exits with 0 on a file that it can't parse."""
    done = _run(
        "checkov",
        "-d",
        folder,
        "--framework",
        "terraform",
        "--skip-download",
        "--compact",
        "--quiet",
        "-o",
        "json",
    )
    reports = json.loads(done.stdout)
    findings = []
    for report in reports if isinstance(reports, list) else [reports]:
        if "results" not in report:
            raise AssertionError(f"checkov looked at nothing: {report}")
        findings += [f"{one['check_id']} {one['resource']}" for one in report["results"]["failed_checks"]]
        findings += ["a file can't be parsed"] * report["summary"]["parsing_errors"]
    return findings


def shell(files):
    return _lines("shellcheck", "--format=gcc", *files)


def dockerfile(file):
    return _lines("hadolint", "--format=tty", "--no-color", file)


def workflows(folder):
    done = _run("zizmor", "--offline", "--no-progress", "--format=json", folder)
    return [one["ident"] for one in json.loads(done.stdout)]


# Their guesses are hashes of locked packages and the word "secret" itself: what is left knows keys by their shape.
GUESSERS = ("HexHighEntropyString", "Base64HighEntropyString", "KeywordDetector")


def secrets(files, root):
    """What has the shape of a key; what a person looked at says so in its line (`pragma: allowlist secret`)."""
    without = [word for guesser in GUESSERS for word in ("--disable-plugin", guesser)]
    done = _run("detect-secrets-hook", *without, *(file.relative_to(root) for file in files), cwd=root)
    return [line for line in done.stdout.splitlines() if line.startswith("Location:")]


def ansible(folder, *files):
    """By the strictest profile; the files alone, or what is found in the folder."""
    options = ("--offline", "--profile", "production", "--format", "json", "--nocolor")
    done = _run("ansible-lint", *options, *files, cwd=folder)
    return [f"{one['check_name']} {one['location']['path']}" for one in json.loads(done.stdout or "[]")]


def _lines(tool, *arguments):
    return [line for line in _run(tool, *arguments).stdout.splitlines() if line.strip()]


def _run(tool, *arguments, cwd=ROOT):
    program = BIN / tool
    if not program.exists():
        pytest.skip(f"{tool} is not installed: make checks")
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [str(program), *map(str, arguments)], cwd=cwd, env=os.environ | {"PATH": path},
        capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode in {0, 1, 2, 8, 9, 10, 11, 12, 13, 14}, (
        f"{tool} did not run: {done.stderr[-2000:]}"
    )
    return done
