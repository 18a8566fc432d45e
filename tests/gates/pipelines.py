"""The workflows as data: jobs, what they call, what they may do."""

import re
from dataclasses import dataclass, field

import yaml

from tests.gates import tools

FOLDER = tools.ROOT / ".github" / "workflows"
LEVELS = ("none", "read", "write")


@dataclass(frozen=True)
class Job:
    """`rights`: permission → level; `calls`: the workflow of ours that it is, if it is one."""

    workflow: str
    name: str
    needs: tuple
    rights: dict = field(hash=False)
    calls: str
    environment: str


def workflows(folder=FOLDER):
    """Name of the file → its text."""
    return {path.stem: path.read_text() for path in sorted(folder.glob("*.yml"))}


def jobs(texts):
    return {
        (workflow, name): Job(
            workflow, name, _listed(told.get("needs", ())), told.get("permissions") or {},
            told.get("uses", "").removeprefix("./.github/workflows/").removesuffix(".yml"),
            str(told.get("environment", "")),
        )
        for workflow, text in texts.items()
        for name, told in yaml.safe_load(text)["jobs"].items()
    }  # fmt: skip


def refused_by_github(texts):
    """Calls that ask for more than their caller may grant: GitHub refuses to start such a workflow at all."""
    known = jobs(texts)
    return [
        f"{caller.workflow}.{caller.name} calls {called.workflow}.{called.name}: {right} is {level}"
        for caller in known.values()
        for called in known.values()
        if caller.calls == called.workflow
        for right, level in called.rights.items()
        if LEVELS.index(level) > LEVELS.index(caller.rights.get(right, "none"))
    ]


def missing_targets(texts, makefile):
    """What is made and can't be."""
    known = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    asked = {
        word
        for text in texts.values()
        for command in re.findall(r"\bmake ((?:--silent )?[^\n&|;#)\"]+)", _commands(text))
        for word in re.findall(r"(?<![=$\w./-])[a-z]+(?![\w=./-])", command.replace("--silent", ""))
    }
    return asked - known


def variables(texts):
    return {name for text in texts.values() for name in re.findall(r"\bvars\.([A-Z_]+)", text)}


def long_lived(texts):
    return sorted({name for text in texts.values() for name in re.findall(r"\bsecrets\.(\w+)", text)})


def before(known, job):
    """Every job that has ended well when this one begins, within one workflow and those it calls."""
    found = set()
    for need in known[job].needs:
        found |= {(job[0], need)} | before(known, (job[0], need))
    return found


def _listed(needs):
    return (needs,) if isinstance(needs, str) else tuple(needs)


def _commands(text):
    """The lines that a shell runs: comments and names speak of `make` too."""
    steps = [step for told in yaml.safe_load(text)["jobs"].values() for step in told.get("steps", ())]
    return "\n".join(step.get("run", "") for step in steps)
