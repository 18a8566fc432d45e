from lifecycle.rollout_request import RolloutRequest, ask_for_rollout, asked_rollouts


def test_a_rollout_is_asked_for_once_and_comes_back(registry):
    asked = [
        RolloutRequest(version, "0" * 64, "v1", "Blessed.", "retrain", "2013-08-02T02:00:00.000Z")
        for version in ("v2", "v10")
    ]

    assert [ask_for_rollout(registry.control, one) for one in (*asked, asked[0])] == [True, True, False]
    assert asked_rollouts(registry.control) == asked
