"""One registered champion for all tests; each gets a copy of its store."""

import shutil

import pytest

from retrain.working import Wish, work_on
from tests.retrain_world import World, drift_request, make_champion


@pytest.fixture(scope="session")
def registered(tmp_path_factory):
    folder = tmp_path_factory.mktemp("champion")
    make_champion(folder)
    return folder


@pytest.fixture(scope="session")
def served(registered, tmp_path_factory):
    """Twelve days were served, and the labels are what is true."""
    folder = tmp_path_factory.mktemp("served") / "world"
    shutil.copytree(registered, folder)
    World(folder).serve_days()
    return folder


@pytest.fixture
def fresh(registered, tmp_path):
    return World(shutil.copytree(registered, tmp_path / "world"))


@pytest.fixture
def world(served, tmp_path):
    return World(shutil.copytree(served, tmp_path / "world"))


@pytest.fixture(scope="session")
def compared_folder(served, tmp_path_factory):
    """As the served one, and its request is worked on up to the comparison: what is expensive is done once."""
    folder = shutil.copytree(served, tmp_path_factory.mktemp("compared") / "world")
    place = World(folder).place()
    place.queue.add(drift_request())
    work_on(place, None, Wish(until="compare"))
    return folder


@pytest.fixture
def compared(compared_folder, tmp_path):
    return World(shutil.copytree(compared_folder, tmp_path / "compared"))
