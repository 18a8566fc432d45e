"""The composition root that Gunicorn loads: settings, model, ids and metrics meet here, once."""

from lifecycle import settings as settings_module
from lifecycle.adapters.statsd import open_metrics
from lifecycle.fleet_key import load_fleet_key
from lifecycle.loading import read_golden
from lifecycle.logs import configure
from lifecycle.machine import MachineDirectory
from lifecycle.process_spool import SpoolLimits
from lifecycle.recorder import Recorder
from lifecycle.signing import load_trust
from webapp.app import create_app
from webapp.authentication import gate_for
from webapp.current_model import CurrentModel
from webapp.service import Limits, Service

_settings = settings_module.load()
configure(_settings.log_level, _settings.log_format)

_machine = MachineDirectory(_settings.machine_dir)
current_model = CurrentModel(_machine, load_trust(_settings.keys_dir))
current_model.load()

_fleet_key = load_fleet_key(_settings)
recorder = Recorder(_machine.spool, SpoolLimits(), _fleet_key.current)

service = Service(
    current_model,
    lambda model: read_golden(_machine.bundle(model.digest)),
    _fleet_key,
    Limits.of(_settings),
    open_metrics(_settings),
    gate=gate_for(_settings, _machine.api_keys),
    record_feedback=recorder.feedback,
    held_versions=_machine.held_versions,
)
app = create_app(service, _settings.trusted_hosts)
