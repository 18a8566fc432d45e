"""The image in figures: `PYTHONPATH=. .venv/bin/python benchmarks/container_image.py [--base IMAGE] [--starts 5] [--mlflow VERSION]`.

Builds it, times a rebuild after a change of code, times containers from their start to ready, and builds the image that
MLflow makes for the same model on the same base. Needs Docker; leaves the images, and nothing else.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
import venv
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from image.size_budget import MB, docker
from tests.prove.machine import free_port

ROOT = Path(__file__).parents[1]
SERVICE, SAMPLES, MLFLOW = "picklefleet:local", "picklefleet-samples:local", "picklefleet-beside-mlflow"
FLIGHTS = "var/samples/flights/flights.pkl"
READY_S = 120
FOLDERS = ("keys", "machine", "store")
LOG_MODEL = """
import pathlib, pickle, sys, mlflow.sklearn
mlflow.sklearn.save_model(pickle.loads(pathlib.Path(sys.argv[1]).read_bytes()), sys.argv[2], serialization_format="pickle")
"""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--base", default=(ROOT / "image" / "base.txt").read_text().strip())
    options.add_argument("--starts", type=int, default=5)
    options.add_argument("--rebuilds", type=int, default=3)
    options.add_argument("--mlflow", default="3.17.0", help='its version; "" leaves it out')
    asked = options.parse_args()
    run("make", "--no-print-directory", "image", f"BASE={asked.base}", cwd=ROOT)
    ours = above(SERVICE, asked.base)
    print(f"The image: {ours:.0f} MB above its base")
    with tempfile.TemporaryDirectory(prefix="image-") as name:
        folder = Path(name)
        seconds = rebuilds(folder / "context", asked.base, asked.rebuilds)
        print(f"A rebuild after a change of code: {told(seconds)}")
        docker(
            "build",
            "--quiet",
            "--target",
            "samples",
            "--build-arg",
            f"BASE={asked.base}",
            "--tag",
            SAMPLES,
            str(ROOT),
        )
        print(f"From `docker run` to ready, the flights model: {told(starts(asked.starts))}")
        if asked.mlflow:
            build_mlflow(folder, asked.base, asked.mlflow)
            theirs = above(MLFLOW, asked.base)
            print(
                f"MLflow {asked.mlflow}, the same model and base: {theirs:.0f} MB above it, {theirs / ours:.1f} times"
            )


def rebuilds(context: Path, base: str, times: int) -> Iterator[float]:
    """Seconds of `docker build` after each change of a line, in a copy of what is committed."""
    context.mkdir()
    archive = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, check=True, capture_output=True).stdout  # noqa: S607
    subprocess.run(["tar", "-x"], cwd=context, input=archive, check=True)  # noqa: S607
    build = ("build", "--quiet", "--target", "service", "--build-arg", f"BASE={base}", str(context))
    docker(*build)
    changed = context / "webapp" / "health.py"
    for number in range(times):
        with changed.open("a") as file:
            file.write(f"\n_CHANGED = {number}\n")
        begun = time.monotonic()
        docker(*build)
        yield time.monotonic() - begun


def starts(times: int) -> Iterator[float]:
    """Seconds until a new container answers that it is ready; its machine has the model in its cache already."""
    with volumes() as mounted:
        up = ("up", "flights.pkl", "--no-serve", "--name", "flights", "--sample", "flights-sample.csv",
              "--reference", "flights-reference.csv", "--target", "arrival", "--time", "scheduled_at", "--fold", "fold")  # fmt: skip
        docker("run", "--rm", *mounted, "--workdir", "/samples/flights", SAMPLES, *up)
        docker("run", "--rm", *mounted, SERVICE, "agent", "--once")
        for _ in range(times):
            yield started(mounted)


def started(mounted: list[str]) -> float:
    port, name = free_port(), f"picklefleet-start-{uuid.uuid4().hex[:8]}"
    settings = ("--env", "PICKLEFLEET_HOST=0.0.0.0", "--publish", f"127.0.0.1:{port}:8000")
    begun = time.monotonic()
    docker("run", "--detach", "--name", name, *mounted, *settings, SERVICE, "web")
    try:
        while time.monotonic() - begun < READY_S:
            with (
                suppress(OSError),
                urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2) as answer,
            ):
                if answer.status == 200:
                    return time.monotonic() - begun
            time.sleep(0.01)
        raise SystemExit("It did not become ready:\n" + "\n".join(docker("logs", "--tail", "20", name)))
    finally:
        docker("rm", "--force", name)


@contextmanager
def volumes() -> Iterator[list[str]]:
    made = {folder: f"picklefleet-image-{uuid.uuid4().hex[:8]}" for folder in FOLDERS}
    try:
        yield [
            part
            for folder, name in made.items()
            for part in ("--volume", f"{name}:/var/lib/picklefleet/{folder}")
        ]
    finally:
        docker("volume", "rm", "--force", *made.values())


def build_mlflow(folder: Path, base: str, version: str) -> None:
    """By its own Dockerfile for a model, its base replaced by ours."""
    python, dockerfile = folder / "mlflow" / "bin" / "python", folder / "dockerfile"
    run("make", "--no-print-directory", FLIGHTS, cwd=ROOT)
    venv.create(folder / "mlflow", with_pip=True)
    locked = (ROOT / "runtimes" / "sklearn-1.9.txt").read_text().splitlines()
    pinned = [line.removesuffix("\\") for line in locked if "==" in line and not line.startswith((" ", "#"))]
    run(python, "-m", "pip", "install", "--quiet", f"mlflow=={version}", *pinned)
    run(python, "-c", LOG_MODEL, ROOT / FLIGHTS, folder / "model")
    run(python, "-m", "mlflow", "models", "generate-dockerfile", "--model-uri", folder / "model",
        "--output-directory", dockerfile, "--env-manager", "local")  # fmt: skip
    text = (dockerfile / "Dockerfile").read_text().splitlines()
    text = [f"FROM {base}" if line.startswith("FROM ") else line for line in text]
    (dockerfile / "Dockerfile").write_text("\n".join(text) + "\n")
    docker("build", "--quiet", "--tag", MLFLOW, str(dockerfile))


def above(image: str, base: str) -> float:
    """Megabytes."""
    sizes = [
        int(next(iter(docker("image", "inspect", "--format", "{{.Size}}", name)))) for name in (image, base)
    ]
    return (sizes[0] - sizes[1]) / MB


def told(seconds: Iterator[float]) -> str:
    found = list(seconds)
    return f"{statistics.median(found):.1f} s (of {len(found)}; the slowest {max(found):.1f})"


def run(*command: object, cwd: Path | None = None) -> None:
    done = subprocess.run([str(word) for word in command], cwd=cwd, check=False)  # noqa: S603 - the steps above
    if done.returncode != 0:
        sys.exit(f"{command[0]} {command[1]} … ended with {done.returncode}")


if __name__ == "__main__":
    main()
