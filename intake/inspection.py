"""Judge a model file without executing it: servable, refused with reasons and fixes, or unreadable."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from intake.finding import Code, Finding, Surroundings
from intake.findings import findings
from intake.foreign import recognise
from intake.report import PickleReport, read_report
from lifecycle.errors import ModelRefusedError
from lifecycle.pickles.allow_list import AllowList
from lifecycle.pickles.containers import unwrap
from lifecycle.runtime import RUNTIMES, installed_libraries


class Verdict(StrEnum):
    """`unreadable` is a file that tells nothing: absent, empty, damaged, or no pickle at all."""

    SERVABLE = "servable"
    REFUSED = "refused"
    UNREADABLE = "unreadable"


_UNREADABLE = frozenset({Code.NOT_READABLE, Code.EMPTY, Code.DAMAGED, Code.FOREIGN})


@dataclass(frozen=True, slots=True)
class Inspection:
    """`findings` are the reasons of the verdict, the gravest first; `report` is None for what is no pickle."""

    path: str
    verdict: Verdict
    findings: tuple[Finding, ...]
    report: PickleReport | None

    def to_document(self) -> dict[str, Any]:
        return asdict(self)


class Handed(Protocol):
    """What a registration says about the file that matters here."""

    @property
    def model(self) -> str: ...
    @property
    def allow(self) -> tuple[str, ...]: ...
    @property
    def shim(self) -> str | None: ...
    @property
    def accept_version(self) -> bool: ...


def inspect_file(
    path: Path,
    allowed: AllowList,
    installed_versions: Mapping[str, str],
    runtimes: tuple[str, ...] = RUNTIMES,
    handed: Handed | None = None,
) -> Inspection:
    """Read the file statically and judge it. Never raises for what a file holds, and never runs any of it.

    `installed_versions` maps distributions to versions; `runtimes` are those that `make run RUNTIME=` knows;
    `handed` says what came with the file: a shim, or the wish to accept its version.
    """
    has_shim = handed is not None and handed.shim is not None
    accepted = handed is not None and handed.accept_version
    around = Surroundings(str(path), installed_versions, runtimes, has_shim, accepted)
    try:
        data = path.read_bytes()
    except OSError as problem:
        return _told(path, Code.NOT_READABLE, f"{path} can't be read: {problem.strerror}.", "Check the path.")
    if not data:
        return _told(path, Code.EMPTY, "The file is empty.", "Dump or copy the model again.")
    foreign = recognise(data)
    if foreign is not None:
        return _told(path, Code.FOREIGN, f"This is no pickle but {foreign[0]}.", foreign[1])
    try:
        unwrapped = unwrap(data)
    except ModelRefusedError as refused:
        return _told(path, Code.DAMAGED, refused.message, refused.fix)
    inside = recognise(unwrapped.data) if unwrapped.container != "none" else None
    if inside is not None:
        return _told(
            path, Code.FOREIGN, f"Inside its {unwrapped.container} wrapping, this is {inside[0]}.", inside[1]
        )
    return _judge(read_report(unwrapped, len(data), allowed), around)


def require_servable(handed: Handed) -> None:
    """Raises ModelRefusedError with every reason and fix unless the file is servable as it was handed over."""
    inspection = inspect_file(
        Path(handed.model),
        AllowList.default().with_extra(handed.allow),
        installed_libraries(),
        handed=handed,
    )
    if inspection.verdict is Verdict.SERVABLE:
        return
    first, *others = inspection.findings
    more = "".join(f"\nAlso: {finding.message} {finding.fix}" for finding in others)
    raise ModelRefusedError(first.message, fix=first.fix + more)


def _judge(report: PickleReport, around: Surroundings) -> Inspection:
    if report.problem and not report.globals and report.pickles == 1:
        return _told(Path(around.path), Code.FOREIGN, *_no_pickle(report))
    found = findings(report, around)
    return Inspection(around.path, _verdict(found), found, report)


def _no_pickle(report: PickleReport) -> tuple[str, str]:
    if report.protocol >= 2:
        return f"The file {report.problem}.", "Copy it again from where it was made and compare the sizes."
    return "This is no pickle, nor any other kind of model file known here.", (
        "Hand over a fitted scikit-learn, xgboost or lightgbm model, dumped with pickle or joblib."
    )


def _verdict(found: tuple[Finding, ...]) -> Verdict:
    if not found:
        return Verdict.SERVABLE
    return Verdict.UNREADABLE if found[0].code in _UNREADABLE else Verdict.REFUSED


def _told(path: Path, code: Code, message: str, fix: str) -> Inspection:
    return Inspection(str(path), Verdict.UNREADABLE, (Finding(code, message, fix),), None)
