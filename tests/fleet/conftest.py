"""A fleet for all tests of this folder, built once."""

import os
import shutil

import pytest

from tests.fleet.built import Fleet, missing
from tests.fleet.hosts import Hosts, short_folder


@pytest.fixture(scope="session")
def fleet():
    if reason := missing():
        pytest.skip(reason)
    folder = short_folder()
    made = Fleet(folder, Hosts(f"picklefleet-fleet-{os.getpid()}", folder))
    try:
        made.prepare()
        yield made
    finally:
        made.hosts.end()
        shutil.rmtree(folder, ignore_errors=True)
