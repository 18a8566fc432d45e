"""`make demo`: the flights story through the ring, as a person plays it, in its short form."""

from tests.edge import request


def test_days_pass_through_the_ring_and_a_night_is_judged_and_mailed(ring):
    said = ring.make("demo", QUICK="1")
    status, _, mails = request(ring.mail_port, "GET", "/api/v1/messages")

    assert "Retraining: the night is severe." in said
    assert "retraining ended with 3: no challenger" in said
    assert f"http://127.0.0.1:{ring.mail_port}" in said
    assert status == 200
    assert [mail for mail in mails["messages"] if "2013-06-22" in mail["Subject"]]


def test_control_outside_of_a_replay_nobody_tells_the_time(ring):
    """The demonstration leaves the ring as it was."""
    assert all(
        "PICKLEFLEET_REPLAY=0" in ring.inspect(colour)["Config"]["Env"] for colour in ("blue", "green")
    )
