"""The composition root that Gunicorn loads: settings, model, ids and metrics meet here, once."""

from lifecycle import settings as settings_module
from lifecycle.adapters.statsd import open_metrics
from lifecycle.compiled.plan import make_plan
from lifecycle.compiled.recheck import Recheck
from lifecycle.installation_keys import load_fleet_key
from lifecycle.loading import read_golden
from lifecycle.logs import configure
from lifecycle.machine import MachineDirectory
from lifecycle.measurements.measuring import Measuring
from lifecycle.prediction_log.recording import recorder_for, spool_is_sound
from lifecycle.signing import load_trust
from webapp.app import create_app
from webapp.authentication import gate_for
from webapp.current_model import CurrentModel
from webapp.service import Limits, Service

_settings = settings_module.load()
configure(_settings.log_level, _settings.log_format)

_machine = MachineDirectory(_settings.machine_dir)
_planner = make_plan if _settings.fast_path == "on" else None
current_model = CurrentModel(_machine, load_trust(_settings.keys_dir), _planner)
current_model.load()

_metrics = open_metrics(_settings)
recorder = recorder_for(
    _settings, lambda reason, rows: _metrics.increment("records_dropped", rows, reason=reason)
)

measuring = Measuring(_machine.measurements / _settings.colour)
recheck = Recheck(
    _machine.disagreements, lambda outcome: _metrics.increment("fast_path_rechecks", outcome=outcome)
)

service = Service(
    current_model,
    lambda model: read_golden(_machine.bundle(model.digest)),
    load_fleet_key(_settings),
    Limits.of(_settings),
    _metrics,
    machine_is_sound=lambda: spool_is_sound(_machine.spool),
    gate=gate_for(_settings, _machine.api_keys),
    record_prediction=recorder.prediction,
    record_feedback=recorder.feedback,
    held_versions=_machine.held_versions,
    measuring=measuring,
    serves=lambda model: measuring.compare_with(_machine.bundle(model.digest), model.signature),
    replay=_settings.replay == "1",
    recheck=recheck.offer,
)
app = create_app(service, _settings.trusted_hosts)
