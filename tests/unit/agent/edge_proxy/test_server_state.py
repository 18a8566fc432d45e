"""The commands that change a running HAProxy, obeyed one at a time while requests come in between."""

from hypothesis import given
from hypothesis import strategies as st

from agent.edge_proxy.configuration import COLOURS
from agent.edge_proxy.server_state import LANES, Intent, commands, woken

WEIGHTS = st.fixed_dictionaries({colour: st.sampled_from([0, 1, 50, 256]) for colour in COLOURS}).filter(
    lambda weights: any(weights.values())
)
LIVE = st.sets(st.sampled_from(COLOURS), min_size=1)
INTENTS = st.builds(Intent, st.just(True), WEIGHTS, st.booleans(), LIVE.map(frozenset))


def obeyed(state, command):
    """What HAProxy's servers do after one more command."""
    how, *words = command.split()
    if how == "set":
        return state | {words[1]: int(words[3])}
    return state | {words[1]: int(how == "enable")}


def after(state, intent):
    for command in commands(intent):
        state = obeyed(state, command)
    return state


def states_between(before, wanted):
    state = after({}, before)
    for command in commands(wanted):
        yield state
        state = obeyed(state, command)


@given(INTENTS, INTENTS)
def test_somebody_works_at_every_moment_between_two_intents(before, wanted):
    for state in states_between(before, wanted):
        assert any(state[f"live/{colour}"] for colour in COLOURS)
        for lane in LANES:
            assert any(state[f"{lane}/{colour}"] for colour in COLOURS), (lane, state)


@given(INTENTS, INTENTS)
def test_what_was_before_leaves_no_trace(before, wanted):
    assert after(after({}, before), wanted) == after({}, wanted)


def test_those_who_wait_go_to_whoever_has_weight():
    places = {(lane, colour): 4 for lane in LANES for colour in COLOURS}

    assert woken(Intent(True, {"green": 100}), places) == (
        "set maxconn server predict/green 4",
        "set maxconn server large/green 4",
    )
