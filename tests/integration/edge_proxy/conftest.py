import tempfile
from pathlib import Path

import pytest

from tests.edge import Machine


@pytest.fixture
def machine():
    """Not in pytest's own folder: its name is too long for a socket's address."""
    with tempfile.TemporaryDirectory(prefix="edge-") as folder:
        made = Machine(Path(folder))
        yield made
        made.end()
