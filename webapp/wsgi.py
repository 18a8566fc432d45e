"""The composition root that Gunicorn loads: settings, models, ids and metrics meet here, once."""

import os
import secrets
import signal
from typing import Any

from lifecycle import settings as settings_module
from lifecycle.adapters.statsd import open_metrics, open_traces
from lifecycle.compiled.plan import make_plan
from lifecycle.compiled.recheck import Recheck
from lifecycle.installation_keys import load_fleet_key
from lifecycle.logs import configure
from lifecycle.machine import MachineDirectory
from lifecycle.measurements.measuring import Measuring
from lifecycle.prediction_log.recording import recorder_for, spool_is_sound
from lifecycle.signing import load_trust
from lifecycle.web_processes import Presence, WebProcess
from webapp.app import create_app
from webapp.authentication import gate_for
from webapp.current_traffic import CurrentTraffic
from webapp.policy_watch import PolicyWatch
from webapp.readiness import Readiness
from webapp.record_callers import record_callers
from webapp.recycling import Recycling
from webapp.service import Limits, Service
from webapp.shadow import Shadows
from webapp.traffic import Traffic

_settings = settings_module.load()
configure(_settings.log_level, _settings.log_format)

_machine = MachineDirectory(_settings.machine_dir)
_family = secrets.token_hex(8)  # made before the fork: the same in all children of this parent
_limits = Limits.of(_settings)
_planner = make_plan if _settings.fast_path == "on" else None
current_traffic = CurrentTraffic(_machine, load_trust(_settings.keys_dir), _limits.max_rows, _planner)
current_traffic.load()

_metrics = open_metrics(_settings)
recorder = recorder_for(
    _settings, lambda reason, rows: _metrics.increment("records_dropped", rows, reason=reason)
)

measuring = Measuring(_machine.measurements / _settings.colour)
recheck = Recheck(
    _machine.disagreements, lambda outcome: _metrics.increment("fast_path_rechecks", outcome=outcome)
)
_key = load_fleet_key(_settings)
shadows = Shadows(_key, recorder.prediction, _metrics, measuring)

service = Service(
    current_traffic,
    _key,
    _limits,
    _metrics,
    machine_is_sound=lambda: spool_is_sound(_machine.spool),
    siblings_answer=Readiness(_machine.web, _family),
    gate=gate_for(_settings, _machine.api_keys, _machine.smoke_token),
    record_predictions=record_callers(recorder.predictions),
    record_feedback=recorder.feedback,
    held_versions=_machine.held_versions,
    measuring=measuring,
    offer_to_shadows=shadows.offer,
    replay=_settings.replay != "0",
    recheck=recheck.offer,
    release=_settings.release,
    traces=open_traces(_settings, _metrics),
)
app = create_app(service, _settings.trusted_hosts)


def watch(worker: Any) -> PolicyWatch:
    """In a worker, after the fork."""
    current_traffic.forked()
    inherited = current_traffic.inherited
    said = WebProcess(os.getpid(), _family, worker.age, inherited=inherited)
    recycling = Recycling(
        _machine.web, _family, _settings.workers, _settings.recycle_after_s, current_traffic.loaded
    )
    return PolicyWatch(
        _machine,
        current_traffic,
        Presence.enter(_machine.web, said),
        switched=_switched,
        stopping=lambda: not worker.alive,
        stop=lambda: os.kill(os.getpid(), signal.SIGTERM),
        meanwhile=recycling.turn,
        ended=recycling.leave,
    )


def _switched(now: Traffic, before: Traffic | None) -> None:
    service.observer.switched(now, before)
    champion = now.champion.model
    if before is None or before.champion.model.digest != champion.digest:
        measuring.compare_with(_machine.bundle(champion.digest), champion.signature)
