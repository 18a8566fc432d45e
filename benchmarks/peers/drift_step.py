"""One contender's drift step in its own environment: `python drift_step.py NAME FOLDER`. Prints a line of JSON.

`FOLDER/reference` and `FOLDER/current` hold a column a file. Loading is not measured: seconds of CPU and the peak are of
the step alone; the peak is what the process grew by.
"""

# ruff: noqa: PLC0415 - each environment has only its own contender

import json
import sys
import time
from pathlib import Path

import numpy as np


def main(name, folder):
    step, cpu_before_step = CONTENDERS[name](_columns(folder / "reference"), _columns(folder / "current"))
    before, wall, cpu = _memory_mb("VmRSS"), time.perf_counter(), time.process_time()
    _reset_peak()
    distances = step()
    took = {"seconds": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    print(
        json.dumps(
            {
                **took,
                "peak_mb": _memory_mb("VmHWM") - before,
                "prepared_cpu": cpu_before_step,
                "distances": distances,
            }
        )
    )


def picklefleet(reference, current):
    """Counting the rows against the frozen bins of a profile, and the night's whole decision."""
    from lifecycle.drift.judge import judge
    from lifecycle.profile.profile import count
    from lifecycle.reference.build import Reference, build_profile
    from lifecycle.signature import Feature, Output, Signature

    begun = time.process_time()
    signature = Signature(
        tuple(Feature(name, "number", "float64") for name in reference),
        (Output("y", "regression", (), None, ("predict",)),),
    )
    rows = len(next(iter(current.values())))
    profile = build_profile(signature, Reference(reference, {}, len(next(iter(reference.values())))))
    prepared = time.process_time() - begun

    def step():
        report = judge(profile, count(profile, current, {}, rows), None, None)
        return {one.name: one.comparison.distance for one in report.features}

    return step, prepared


def evidently(reference, current):
    import pandas as pd
    from evidently import Report
    from evidently.presets import DataDriftPreset

    before, now = pd.DataFrame(reference), pd.DataFrame(current)

    def step():
        Report([DataDriftPreset(method="ks")]).run(now, before).dict()
        return {}  # it tells p-values alone

    return step, 0.0


def nannyml(reference, current):
    import nannyml as nml
    import pandas as pd

    before, now = pd.DataFrame(reference), pd.DataFrame(current)
    begun = time.process_time()
    calculator = nml.UnivariateDriftCalculator(
        column_names=list(reference), continuous_methods=["kolmogorov_smirnov"], chunk_number=1
    )
    calculator.fit(before)
    prepared = time.process_time() - begun

    def step():
        found = calculator.calculate(now).filter(period="analysis").to_df()
        return {name: float(found[name, "kolmogorov_smirnov", "value"].iloc[-1]) for name in reference}

    return step, prepared


CONTENDERS = {"picklefleet": picklefleet, "evidently": evidently, "nannyml": nannyml}


def _columns(folder):
    return {path.stem: np.load(path) for path in sorted(folder.glob("*.npy"))}


def _memory_mb(name):
    return int(Path("/proc/self/status").read_text().split(f"{name}:")[1].split()[0]) / 1024


def _reset_peak():
    Path("/proc/self/clear_refs").write_text("5")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
