"""The contained child: no network, no secrets, hard limits; its end is told in one sentence."""

import json
import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from lifecycle.contain import EndedBySignalError, Limits, OutOfTimeError, run_contained


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run a piece of Python contained; returns its exit code and the JSON that it left in `told`."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    def contained(code, limits=None):
        (tmp_path / "piece.py").write_text(f"told = {str(tmp_path / 'told')!r}\n" + textwrap.dedent(code))
        exit_code = run_contained("piece", ["argument"], tmp_path, limits)
        told = tmp_path / "told"
        return exit_code, json.loads(told.read_text()) if told.exists() else None

    return contained


def test_the_exit_code_comes_back(run):
    assert run("raise SystemExit(3)")[0] == 3


def test_arguments_arrive_as_in_any_program(run):
    assert run("import json, sys; open(told, 'w').write(json.dumps(sys.argv[1:]))") == (0, ["argument"])


def test_no_network_can_be_reached_not_even_this_machine(run):
    code = """
        import json, socket
        listening = socket.socket()
        try:
            socket.create_connection(("127.0.0.1", 9), timeout=2)
            answer = "connected"
        except ConnectionRefusedError:
            answer = "a network is there"
        except OSError as problem:
            answer = "no network"
        interfaces = [name for _, name in socket.if_nameindex()]
        open(told, "w").write(json.dumps([answer, interfaces]))
    """
    _, (answer, interfaces) = run(code)

    if answer == "a network is there":
        pytest.skip("this platform allows no network namespaces")
    assert answer == "no network"
    assert set(interfaces) <= {
        "lo",
        "sit0",
        "tunl0",
        "ip6tnl0",
        "gre0",
        "gretap0",
        "erspan0",
        "ip_vti0",
        "ip6_vti0",
    }


def test_no_setting_and_no_secret_is_in_its_environment(run, monkeypatch):
    monkeypatch.setenv("PICKLEFLEET_FLEET_KEY", "f" * 64)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")

    _, names = run("import json, os; open(told, 'w').write(json.dumps(list(os.environ)))")

    assert not [name for name in names if "KEY" in name or name.startswith("PICKLEFLEET")]


def test_it_can_gain_no_new_privileges(run):
    code = """
        import json
        lines = open("/proc/self/status").read().splitlines()
        open(told, "w").write(json.dumps([line.split()[1] for line in lines if line.startswith("NoNewPrivs")]))
    """

    assert run(code)[1] == ["1"]


def test_a_file_larger_than_its_limit_can_not_be_written(run, tmp_path):
    run("open(told + '-big', 'wb').write(b'x' * 3_000_000)", Limits(file_bytes=1_000_000))

    assert (tmp_path / "told-big").stat().st_size <= 1_000_000


def test_a_piece_that_never_ends_is_told_with_its_limit(run):
    with pytest.raises(OutOfTimeError, match="longer than 1 s"):
        run("import time; time.sleep(60)", Limits(wall_s=1))


def test_a_piece_that_burns_its_cpu_is_ended(run):
    with pytest.raises(EndedBySignalError, match="ended by signal"):
        run("while True: pass", Limits(cpu_s=1, wall_s=60))


def test_memory_beyond_the_limit_is_not_given(run):
    code = """
        import json
        try:
            bytearray(3 << 30)
            answer = "given"
        except MemoryError:
            answer = "refused"
        open(told, "w").write(json.dumps(answer))
    """

    assert run(code, Limits(memory_bytes=1 << 30))[1] == "refused"


def test_it_dies_with_the_process_that_started_it(tmp_path):
    """A job that is killed leaves no child behind that still writes."""
    (tmp_path / "piece.py").write_text(f"""
import os, time
open({str(tmp_path / "pid")!r}, "w").write(str(os.getpid()))
time.sleep(60)
""")
    starter = f"from pathlib import Path; from lifecycle.contain import run_contained; run_contained('piece', [], Path({str(tmp_path)!r}))"
    parent = subprocess.Popen([sys.executable, "-c", starter], env=os.environ | {"PYTHONPATH": str(tmp_path)})
    pid = int(eventually(lambda: (tmp_path / "pid").read_text() if (tmp_path / "pid").exists() else ""))

    parent.kill()
    parent.wait()

    eventually(
        lambda: not Path(f"/proc/{pid}").exists() or "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text()
    )


def eventually(look):
    end = time.monotonic() + 20
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(0.05)
    raise AssertionError("it never came to be")
