"""The tables on terraform's pages say what its files say."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_every_table_of_inputs_and_outputs_is_up_to_date():
    done = subprocess.run(
        [sys.executable, "terraform/tables.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
