"""Children are restarted after a crash with back-off, and stopped in the reverse order of their start."""

import os
import sys
import threading
import time

import pytest

from picklefleet.supervisor import Program, Supervisor

SLEEPER = "import time; time.sleep(60)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"


def python(code, name="child", stop_s=5.0):
    return Program(name, [sys.executable, "-c", code], stop_s)


def run_until(supervisor, done, limit_s=20.0):
    """Run in this thread until `done()` holds, then stop."""
    stop, begun = threading.Event(), time.monotonic()

    def meanwhile():
        if done() or time.monotonic() - begun > limit_s:
            stop.set()

    supervisor.run(stop, meanwhile)
    return time.monotonic() - begun


def pids(supervisor):
    return {name: child.process.pid for name, child in supervisor._children.items()}


def test_a_crashed_child_is_started_again(tmp_path):
    marks = tmp_path / "marks"
    crashing = python(f"open({str(marks)!r}, 'a').write('x'); raise SystemExit(3)")

    run_until(
        Supervisor([crashing], dict(os.environ)), lambda: marks.exists() and len(marks.read_text()) >= 2
    )

    assert len(marks.read_text()) == 2


def test_the_pause_between_starts_doubles(tmp_path):
    marks = tmp_path / "marks"
    crashing = python(
        f"import time; open({str(marks)!r}, 'a').write(f'{{time.monotonic()}}\\n'); raise SystemExit(3)"
    )

    run_until(
        Supervisor([crashing], dict(os.environ)),
        lambda: marks.exists() and marks.read_text().count("\n") >= 3,
    )

    first, second, third = map(float, marks.read_text().split()[:3])
    assert second - first >= 0.5
    assert third - second >= 1.0


def test_a_stop_ends_every_child_and_the_last_started_first(tmp_path):
    order = tmp_path / "order"
    code = (
        "import signal, sys, time, pathlib\n"
        f"order = pathlib.Path({str(order)!r})\n"
        "def stop(*_):\n"
        "    open(order, 'a').write(sys.argv[1] + '\\n'); raise SystemExit(0)\n"
        "signal.signal(signal.SIGTERM, stop)\n"
        "pathlib.Path(str(order) + sys.argv[1]).touch()\n"
        "time.sleep(60)\n"
    )
    programs = [Program(name, [sys.executable, "-c", code, name], 5.0) for name in ("agent", "web")]
    supervisor = Supervisor(programs, dict(os.environ))

    run_until(supervisor, lambda: all((tmp_path / f"order{name}").exists() for name in ("agent", "web")))

    assert order.read_text().split() == ["web", "agent"]


def test_a_child_that_will_not_stop_is_killed_when_its_time_is_over():
    supervisor = Supervisor([python(STUBBORN, stop_s=0.5)], dict(os.environ))
    begun = time.monotonic()

    elapsed = run_until(supervisor, lambda: time.monotonic() - begun > 1.0)

    assert elapsed < 10
    with pytest.raises(ProcessLookupError):
        os.kill(pids(supervisor)["child"], 0)


def test_other_children_live_on_while_one_crashes(tmp_path):
    marks = tmp_path / "marks"
    programs = [
        python(SLEEPER, "steady"),
        python(f"open({str(marks)!r}, 'a').write('x'); raise SystemExit(1)", "bad"),
    ]
    supervisor = Supervisor(programs, dict(os.environ))
    seen = set()

    def done():
        seen.add(pids(supervisor).get("steady"))
        return marks.exists() and len(marks.read_text()) >= 2

    run_until(supervisor, done)

    assert len(seen) == 1
