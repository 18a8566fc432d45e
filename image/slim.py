"""`python image/slim.py VENV`: take out of the installed wheels what no service needs. Licences and versions stay."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

# the test suites of these come in their wheels, together some 90 MB
WITH_TESTS = ("numpy", "scipy", "sklearn", "pandas", "joblib", "duckdb", "threadpoolctl", "tzlocal")
BUILD_TOOLS = ("setuptools", "_distutils_hack", "pkg_resources", "distutils-precedence.pth")
HEADERS = ("*.pxd", "*.pyx", "*.h", "*.hpp", "*.c", "*.a", "*.lib")


def main(environment: Path) -> None:
    for site in environment.glob("lib/python*/site-packages"):
        for path in unneeded(site):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def unneeded(site: Path) -> Iterator[Path]:
    for library in WITH_TESTS:
        yield from [path for path in (site / library).rglob("tests") if path.is_dir() and path.exists()]
    for library in WITH_TESTS:
        for pattern in HEADERS:
            yield from (site / library).rglob(pattern)
    for name in BUILD_TOOLS:
        yield from site.glob(name)
    yield from site.glob("setuptools-*.dist-info")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
