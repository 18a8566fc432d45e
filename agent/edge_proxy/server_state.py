"""Whether a machine is admitted and how its colours share the traffic: a value, and HAProxy's state file of it. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from agent.edge_proxy.configuration import COLOURS

WEIGHT = 100  # every server's weight in the configuration; what is in force stands in the state file
MAX_WEIGHT = 256
LANES = ("predict", "large")

_HEAD = """1
# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight \
srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state \
bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr \
srv_agent_addr srv_agent_port
"""
_RUNNING = 2
_MAINTENANCE = 1


@dataclass(frozen=True, slots=True)
class Intent:
    """`weights` say how the admitted traffic is shared, 0 to 256 by colour; a colour that is not named gets none.

    `sound` is false when a fresh machine would help; `live` are the colours whose processes show a heartbeat.
    """

    admitted: bool
    weights: Mapping[str, int]
    sound: bool = True
    live: frozenset[str] = frozenset(COLOURS)

    def __post_init__(self) -> None:
        strange = self.weights.keys() - set(COLOURS)
        if strange or not all(0 <= weight <= MAX_WEIGHT for weight in self.weights.values()):
            raise ValueError(f"Weights are 0 to {MAX_WEIGHT} for {' and '.join(COLOURS)}.")

    def weight(self, colour: str) -> int:
        return self.weights.get(colour, 0)


@dataclass(frozen=True, slots=True)
class ServerState:
    """One server: where it stands in the configuration, and what is in force for it."""

    backend_id: int
    backend: str
    server_id: int
    server: str
    enabled: bool
    weight: int


def servers(intent: Intent) -> Iterator[ServerState]:
    """Every server that keeps something, with the numbers that it has in the template."""
    yield ServerState(10, "admit", 1, "me", intent.admitted, 1)
    yield ServerState(11, "sound", 1, "me", intent.sound, 1)
    for number, colour in enumerate(COLOURS, start=1):
        yield ServerState(12, "live", number, colour, colour in intent.live, 1)
    for backend_id, lane in ((20, "predict"), (21, "large")):
        for number, colour in enumerate(COLOURS, start=1):
            yield ServerState(backend_id, lane, number, colour, True, intent.weight(colour))


def state_file(intent: Intent) -> str:
    """What HAProxy loads when it starts: format version 1, the same from HAProxy 2.6 to 3.x."""
    return _HEAD + "".join(_line(server) for server in servers(intent)) + "\n"


def intent_of(text: str) -> Intent:
    """The intent that a state file keeps. Raises ValueError for one that we did not write."""
    kept = {(line[1], line[3]): line for line in map(str.split, text.splitlines()[2:]) if line}
    try:
        return Intent(
            _enabled(kept["admit", "me"]),
            {colour: int(kept["predict", colour][7]) for colour in COLOURS},
            _enabled(kept["sound", "me"]),
            frozenset(colour for colour in COLOURS if _enabled(kept["live", colour])),
        )
    except (KeyError, IndexError) as missing:
        raise ValueError(f"The state file lacks {missing}.") from None


def commands(intent: Intent) -> tuple[str, ...]:
    """What tells a running HAProxy the same. It obeys one at a time, and requests come in between: whoever shall work
    is told first, or a switch of colours would pass through a moment in which nobody does.
    """
    return tuple(_command(server) for server in sorted(servers(intent), key=_rests))


def _enabled(line: Sequence[str]) -> bool:
    return line[6] == "0"


def _line(server: ServerState) -> str:
    admin = 0 if server.enabled else _MAINTENANCE
    configured = WEIGHT if server.backend in LANES else 1
    return (
        f"{server.backend_id} {server.backend} {server.server_id} {server.server} - {_RUNNING} {admin} "
        f"{server.weight} {configured} 0 1 0 2 0 0 1 1 - 0 - 0 0 - - 0\n"
    )


def woken(intent: Intent, places: Mapping[tuple[str, str], int]) -> tuple[str, ...]:
    """What lets requests that wait in a lane go to the colours that work now, each with its `places` by lane and colour.

    HAProxy looks for those that wait when a server ends a request or gets places, not when it gets weight: after a
    switch they would wait in vain for the old colour, and all that come after them, until their time is over.
    """
    return tuple(
        f"set maxconn server {lane}/{colour} {count}"
        for (lane, colour), count in places.items()
        if intent.weight(colour)
    )


def _rests(server: ServerState) -> bool:
    return not (server.enabled and server.weight)


def _command(server: ServerState) -> str:
    place = f"{server.backend}/{server.server}"
    if server.backend in LANES:
        return f"set server {place} weight {server.weight}"
    return f"{'enable' if server.enabled else 'disable'} server {place}"
