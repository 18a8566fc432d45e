from drift_jobs.night import judge_night
from drift_jobs.presentation import present, sparkline
from tests.nights import NIGHT, World


def test_a_sparkline_has_a_block_a_bin():
    assert sparkline([0, 1, 8, 4]) == " ▂█▅"
    assert sparkline([0, 0]) == "  "
    assert sparkline([]) == ""


def test_the_verdict_comes_first_and_every_column_has_a_line(place, served):
    served.serve(World(shift=1.5))
    lines = list(present(judge_night(place, NIGHT)))

    assert lines[0] == "flights v1, night 2013-08-01: severe"
    (delay,) = [line for line in lines if line.startswith("  delay")]
    assert "severe" in delay
    assert "→" in delay
    assert all(any(line.startswith(f"  {name}") for line in lines) for name in ("origin", "member", "y:late"))


def test_explaining_adds_tests_limits_and_what_the_night_could_see(place, served):
    served.serve(World(shift=1.5))
    report = judge_night(place, NIGHT)
    plain, told = (list(present(report, explain=explain)) for explain in (False, True))

    assert set(plain) < set(told)
    assert any("ks p = " in line and "(significant)" in line for line in told)
    assert any("limits: D" in line for line in told)
    assert any("this night could have seen" in line for line in told)


def test_an_empty_night_is_a_whole_table_too(place):
    lines = list(present(judge_night(place, NIGHT), explain=True))

    assert sum("no-data" in line and "at least 200" in line for line in lines) == 4


def test_what_was_lost_is_told_by_reason(place):
    report = judge_night(place, NIGHT)
    report["quality"] |= {"dropped": {"budget": 1200}, "feedback_dropped": {"disk_full": 3}}
    lines = list(present(report))

    assert "  Not recorded: budget 1,200" in lines
    assert "  True values that could not be kept: disk_full 3" in lines
