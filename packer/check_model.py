"""Run inside the service image, without a network: a model is registered, served, and answers as it did when it was made.

It is mounted into the container and called by check-image.sh; what it makes lies in memory and is gone with it.
"""

import json
import os
import pickle
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from sklearn.linear_model import LogisticRegression

HOME = Path(os.environ["HOME"])
OWN = {
    f"PICKLEFLEET_{name}": str(HOME / folder)
    for name, folder in {"STORE": "store", "MACHINE_DIR": "machine", "KEYS_DIR": "keys"}.items()
}
ENVIRONMENT = os.environ | OWN | {"PICKLEFLEET_WORKERS": "1"}
ADDRESS = "http://127.0.0.1:8000"
ROWS = [[0.0, 1.0], [1.0, 0.5], [2.0, -1.0], [3.0, 0.25], [1.5, 2.0]]
LABELS = [0, 0, 1, 1, 0]
WAIT_S = 120


def picklefleet(*arguments):
    subprocess.run(
        ["picklefleet", *arguments], check=True, cwd=HOME, env=ENVIRONMENT, stdout=subprocess.DEVNULL
    )


def answered(rows):
    body = json.dumps({"instances": [dict(zip(("x0", "x1"), row, strict=True)) for row in rows]}).encode()
    request = urllib.request.Request(f"{ADDRESS}/api/v1/predict", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read())["predictions"]


def wait_until_ready(service):
    for _ in range(WAIT_S * 2):
        if service.poll() is not None:
            sys.exit(f"the service ended with {service.returncode}")
        try:
            urllib.request.urlopen(f"{ADDRESS}/readyz", timeout=2).close()
        except OSError:
            time.sleep(0.5)
        else:
            return
    sys.exit(f"the service was not ready within {WAIT_S} s")


def main():
    model = LogisticRegression().fit(ROWS, LABELS)
    (HOME / "model.pkl").write_bytes(pickle.dumps(model))
    picklefleet("trust", "init")
    picklefleet("register", "model.pkl", "--name", "check")
    picklefleet("approve", "v1")
    picklefleet("promote", "v1")
    with subprocess.Popen(
        ["picklefleet", "serve"], cwd=HOME, env=ENVIRONMENT, stdout=subprocess.DEVNULL
    ) as service:
        try:
            wait_until_ready(service)
            told = answered(ROWS)
        finally:
            service.terminate()
    labels = [one["label"] for one in told]
    shares = [one["probabilities"]["1"] for one in told]
    assert labels == list(model.predict(ROWS)), f"labels differ: {labels}"
    assert shares == [float(p) for p in model.predict_proba(ROWS)[:, 1]], f"probabilities differ: {shares}"
    print("Golden rows are answered to the bit.")


main()
