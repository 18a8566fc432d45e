"""A night's drift beside Evidently and NannyML, each in an environment of its own: `python -m benchmarks.drift_peers`.

15 features, 100,000 rows of reference, 1 million current ones of which every third feature has moved a little. Every
contender is asked for Kolmogorov-Smirnov's D of every feature, in turn and several times; the exact D is scipy's. The
environments are made in var/peers from PyPI at the first run.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from statistics import median

import numpy as np
from scipy.stats import ks_2samp

ROOT = Path(__file__).parents[1]
STEP = ROOT / "benchmarks" / "peers" / "drift_step.py"
ENVIRONMENTS = ROOT / "var" / "peers"
PEERS = {"evidently": ("evidently==0.7.23", "pandas<3"), "nannyml": ("nannyml==0.13.1", "statsmodels")}
FEATURES, REFERENCE_ROWS = 15, 100_000

Columns = dict[str, np.ndarray]


def draw(rows: int, seed: int, *, moved: float = 0.0) -> Columns:
    """Bell curves, long tails and whole numbers; every third one moved by so many standard deviations."""
    random = np.random.default_rng(seed)
    shapes = (
        lambda: random.normal(size=rows),
        lambda: random.lognormal(0, 1, rows),
        lambda: random.poisson(8, rows).astype(np.float64),
    )
    return {f"x{n:02d}": shapes[n // 3 % 3]() + (moved if n % 3 == 0 else 0.0) for n in range(FEATURES)}


def write(columns: Columns, folder: Path) -> Columns:
    folder.mkdir(parents=True)
    for name, values in columns.items():
        np.save(folder / f"{name}.npy", values)
    return columns


def python_of(name: str) -> str:
    """The interpreter of a contender's environment, which is made where it is missing."""
    if name not in PEERS:
        return sys.executable
    folder = ENVIRONMENTS / name
    if not (folder / ".made").exists():
        print(f"Installing {' '.join(PEERS[name])} …", flush=True)
        venv.create(folder, clear=True, with_pip=True)
        subprocess.run(  # noqa: S603 - pip of that environment
            [folder / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", *PEERS[name]],
            check=True,
        )
        (folder / ".made").touch()
    return str(folder / "bin" / "python")


def measured(name: str, folder: Path) -> dict[str, object]:
    one_thread = {
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "ignore",
    }
    done = subprocess.run(  # noqa: S603 - our own script
        [python_of(name), STEP, name, folder],
        env={
            "PATH": os.defpath,
            "HOME": str(folder),
            "DO_NOT_TRACK": "1",
            "NML_DISABLE_USAGE_LOGGING": "1",
            **one_thread,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{name} failed:\n{done.stderr[-2000:]}")
    found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        before = write(draw(REFERENCE_ROWS, 0), folder / "reference")
        now = write(draw(asked.rows, 1, moved=0.1), folder / "current")
        exact = {name: float(ks_2samp(before[name], now[name], method="asymp").statistic) for name in before}
        runs: dict[str, list[dict[str, object]]] = {name: [] for name in ("picklefleet", *PEERS)}
        for _ in range(asked.repeats):
            for name, found in runs.items():
                found.append(measured(name, folder))
    tell(runs, exact)


def tell(runs: dict[str, list[dict[str, object]]], exact: dict[str, float]) -> None:
    ours = runs["picklefleet"]
    print(
        f"{'':<12}{'CPU s':>8}{'peak MB':>9}{'x our CPU':>11}{'x our peak':>12}{'prepared, CPU s':>17}{'largest |ΔD|':>14}"
    )
    for name, found in runs.items():
        cpu, peak, prepared = (_median(found, part) for part in ("cpu", "peak_mb", "prepared_cpu"))
        distances = found[0]["distances"]
        off = (
            max((abs(distances[one] - exact[one]) for one in distances), default=None)
            if isinstance(distances, dict)
            else None
        )
        told = "tells none" if off is None else f"{off:.1e}"
        print(
            f"{name:<12}{cpu:>8.2f}{peak:>9,.0f}{cpu / _median(ours, 'cpu'):>11.1f}"
            f"{peak / max(1.0, _median(ours, 'peak_mb')):>12.1f}{prepared:>17.2f}{told:>14}"
        )


def _median(found: list[dict[str, object]], part: str) -> float:
    return median(float(str(one[part])) for one in found)


if __name__ == "__main__":
    main()
