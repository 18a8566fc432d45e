"""The rules by which a model file is refused; each tells what it found in one sentence, with the exact fix."""

import importlib.util
from collections.abc import Callable, Iterable, Iterator

from intake.estimators import Estimator
from intake.finding import Code, Finding, Surroundings
from intake.report import GlobalUse, PickleReport
from lifecycle.runtime import runtime_of

# Known ways to run something. They make the message plainer; what is refused is decided by the allow-list alone.
_DANGEROUS_MODULES = frozenset(
    {
        "asyncio", "bdb", "code", "codeop", "commands", "ctypes", "ftplib", "http", "imaplib", "importlib", "marshal",
        "multiprocessing", "nt", "os", "pdb", "pip", "posix", "pty", "pydoc", "requests", "runpy", "shutil", "smtplib",
        "socket", "subprocess", "sys", "telnetlib", "timeit", "trace", "urllib", "venv", "webbrowser", "webview",
    }
)  # fmt: skip
_DANGEROUS_BUILTINS = frozenset({"__import__", "breakpoint", "compile", "eval", "exec", "open"})


def findings(report: PickleReport, around: Surroundings) -> tuple[Finding, ...]:
    """Everything found, the gravest first; empty means servable."""
    return tuple(finding for rule in _RULES for finding in rule(report, around))


def _dangerous(report: PickleReport, _: Surroundings) -> Iterator[Finding]:
    for use in report.globals:
        if _is_dangerous(use):
            does = "would run" if use.called else "reaches for"
            when = " when it is loaded" if use.called else ""
            yield Finding(
                Code.DANGEROUS,
                f"This file {does} {use}{when}; do not open it.",
                "Ask whoever made it how it came about, and keep it away from Python.",
            )


def _suspicious(report: PickleReport, _: Surroundings) -> Iterator[Finding]:
    for fault in () if _carries_code(report) else report.faults:
        yield Finding(
            Code.SUSPICIOUS,
            f"No honest dump looks like this one. {fault}",
            "Dump the fitted model again with pickle or joblib where it was made.",
        )


def _damaged(report: PickleReport, _: Surroundings) -> Iterator[Finding]:
    if report.problem:
        yield Finding(
            Code.DAMAGED,
            f"The file {report.problem}.",
            "Copy it again from where it was made and compare the sizes, or dump the model again.",
        )


def _by_value(report: PickleReport, _: Surroundings) -> Iterator[Finding]:
    for code, root, tool in ((Code.CLOUDPICKLE, "cloudpickle", "cloudpickle"), (Code.DILL, "dill", "dill")):
        if any(_root(use) in (root, f"_{root}") for use in report.globals):
            yield Finding(
                code,
                f"The file was made with {tool} and carries code of its own (a lambda, or a class of a notebook).",
                "Put that function or class into a file, use it from there, dump with joblib, and pass --shim file.py.",
            )


def _main_classes(report: PickleReport, around: Surroundings) -> Iterator[Finding]:
    names = [use.name for use in report.globals if use.module == "__main__"]
    if not names or around.has_shim:
        return
    yield Finding(
        Code.MAIN_CLASS,
        f"{_listed(names)} {_was(names)} defined in the script or notebook that trained the model, not in a module.",
        f"Put {'its definition' if len(names) == 1 else 'their definitions'} with the imports into shim.py, then:\n"
        f"  picklefleet register {around.path} --shim shim.py",
    )


def _missing_modules(report: PickleReport, _: Surroundings) -> Iterator[Finding]:
    needed = sorted({_root(use) for use in _judged(report) if not _is_installed(_root(use))})
    for module in needed:
        extra = [use for use in _judged(report) if _root(use) == module and not use.allowed]
        allow = f", then allow what it names after reading it: {_allow_options(extra)}" if extra else ""
        yield Finding(
            Code.MISSING_MODULE,
            f"The model needs the module {module}, which is not installed here.",
            f"Add {module} to the runtime (runtimes/*.in){allow}.",
        )


def _not_allowed(report: PickleReport, _: Surroundings) -> Iterator[Finding]:
    uses = [use for use in _judged(report) if not use.allowed and _is_installed(_root(use))]
    searched = [use for use in uses if use.module.startswith("scipy.stats.")]
    if searched:
        yield Finding(
            Code.NOT_ALLOWED,
            "The search object keeps scipy distributions, which run text from the file when they are loaded.",
            "Hand over the winner alone: joblib.dump(search.best_estimator_, 'model.pkl').",
        )
    others = [use for use in uses if use not in searched]
    if others:
        yield Finding(
            Code.NOT_ALLOWED,
            f"The file names {_listed([str(use) for use in others])}, which no model may load unreviewed.",
            f"Read what it does; if you trust it: {_allow_options(others)}",
        )


def _other_version(report: PickleReport, around: Surroundings) -> Iterator[Finding]:
    here = around.versions.get("scikit-learn", "")
    others = [made for made in report.sklearn_versions if runtime_of(made) != runtime_of(here)]
    if not others or around.accept_version:
        return
    runtime = runtime_of(others[0])
    again = f"make run RUNTIME={runtime} MODEL={around.path}"
    fix = (
        again
        if runtime in around.runtimes
        else f"Train it again with scikit-learn=={here}, and dump it anew."
    )
    yield Finding(
        Code.OTHER_VERSION,
        f"The model was made with scikit-learn {_listed(others)}; {here} is installed here, and may answer wrongly.",
        fix,
    )


def _not_a_model(report: PickleReport, _: Surroundings) -> Iterator[Finding]:
    unknown = any(not use.allowed for use in report.globals)
    if report.problem or report.estimators or (unknown and not report.is_data):
        return
    yield Finding(
        Code.NOT_A_MODEL,
        f"The file holds {report.root}, and no estimator in it.",
        "Dump the fitted estimator or pipeline itself: joblib.dump(pipeline, 'model.pkl').",
    )


def _unfitted(report: PickleReport, _: Surroundings) -> Iterator[Finding]:
    for estimator in report.estimators:
        if estimator.fitted is False:
            yield Finding(
                Code.UNFITTED,
                f"The {estimator.kind.name} was never fitted{_unfitted_step(estimator)}: it can't predict.",
                "Call .fit(X, y) before dumping it.",
            )


def _reads_files(report: PickleReport, _: Surroundings) -> Iterator[Finding]:
    for part in (part for one in report.estimators for part in one.walk() if part.reads_files):
        yield Finding(
            Code.READS_FILES,
            f"The {part.kind.name} takes each text of a request for the name of a file and would open it.",
            "Set input='content', fit it on the texts themselves and dump it again.",
        )


_RULES: tuple[Callable[[PickleReport, Surroundings], Iterable[Finding]], ...] = (
    _dangerous,
    _suspicious,
    _damaged,
    _by_value,
    _main_classes,
    _missing_modules,
    _not_allowed,
    _other_version,
    _not_a_model,
    _unfitted,
    _reads_files,
)


def _is_dangerous(use: GlobalUse) -> bool:
    if use.allowed:
        return False
    return _root(use) in _DANGEROUS_MODULES or (use.module == "builtins" and use.name in _DANGEROUS_BUILTINS)


def _judged(report: PickleReport) -> list[GlobalUse]:
    """The globals that are told one by one: those with a message of their own, or a whole tool's, are left out."""
    carried = report.is_data or _carries_code(report)
    return [
        use
        for use in report.globals
        if use.module != "__main__" and not _is_dangerous(use) and not (carried and not use.allowed)
    ]


def _carries_code(report: PickleReport) -> bool:
    return any(_root(use) in ("cloudpickle", "dill", "_dill") for use in report.globals)


def _unfitted_step(estimator: Estimator) -> str:
    steps = [part.place for part in estimator.parts if part.fitted is False]
    return f" (step {_listed(steps)})" if steps else ""


def _is_installed(module: str) -> bool:
    """Looks for the module without importing it; Cython writes one of scikit-learn's as `_loss`."""
    try:
        return module == "_loss" or importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def _root(use: GlobalUse) -> str:
    return use.module.split(".")[0]


def _allow_options(uses: list[GlobalUse]) -> str:
    return " ".join(f"--allow {use.module}:{use.name}" for use in uses[:10])


def _listed(names: list[str]) -> str:
    shown = names[:6] + ([f"{len(names) - 6} more"] if len(names) > 6 else [])
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def _was(names: list[str]) -> str:
    return "was" if len(names) == 1 else "were"
