"""The model's libraries are a runtime: a locked set, named after the scikit-learn minor it holds."""

from importlib import metadata

LIBRARIES = ("scikit-learn", "numpy", "scipy", "pandas", "joblib", "xgboost", "lightgbm")
RUNTIMES = ("sklearn-1.5", "sklearn-1.6", "sklearn-1.7", "sklearn-1.8", "sklearn-1.9")


def installed_libraries() -> dict[str, str]:
    """The model libraries of this environment with their versions, read without importing them."""
    found = {}
    for library in LIBRARIES:
        try:
            found[library] = metadata.version(library)
        except metadata.PackageNotFoundError:
            continue
    return found


def runtime_of(scikit_learn_version: str) -> str:
    """'1.9.1' → 'sklearn-1.9'."""
    return "sklearn-" + ".".join(scikit_learn_version.split(".")[:2])


def current_runtime() -> str:
    return runtime_of(metadata.version("scikit-learn"))
