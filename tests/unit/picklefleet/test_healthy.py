import pytest
from click.testing import CliRunner

from lifecycle.heartbeats import Heartbeat
from lifecycle.settings import Settings
from picklefleet.__main__ import main


@pytest.fixture
def ask(monkeypatch, tmp_path):
    monkeypatch.setenv("PICKLEFLEET_HEARTBEAT_DIR", str(tmp_path))
    return lambda: CliRunner().invoke(main, ["healthy"]).exit_code


def test_a_container_is_healthy_while_its_process_shows_a_heartbeat(ask, tmp_path):
    heartbeat = Heartbeat.of(Settings(heartbeat_dir=str(tmp_path)), "agent")
    assert ask() == 1

    heartbeat.beat()
    assert ask() == 0

    heartbeat.end()
    assert ask() == 1
