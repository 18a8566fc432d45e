"""Who asks besides drift: a person, and the schedule."""

from datetime import datetime, timedelta

from lifecycle.clock import timestamp
from lifecycle.retraining import Origin, RetrainRequest
from retrain.champion import current_champion
from retrain.cooldown import require_cool
from retrain.place import Place
from retrain.stopped import TrainingStoppedError, TrainingWaitsError


def request_by_person(
    place: Place, reason: str, as_of: datetime | None = None, *, dry_run: bool = False
) -> RetrainRequest:
    """Raises TrainingWaitsError while another request is open or the cooldown lasts."""
    return _ask(place, reason, "person", moment(place, as_of), dry_run=dry_run)


def request_by_schedule(place: Place, every_days: int) -> RetrainRequest | None:
    """None while it is not due: somebody asked, or a model was fitted, less than so many days ago."""
    now = place.now()
    asked = [datetime.fromisoformat(one.made_at) for one in place.queue.requests()]
    recent = [one for one in (*asked, *place.queue.fits()) if now - one < timedelta(days=every_days)]
    if not every_days or recent or place.queue.open():
        return None
    return _ask(place, f"Every {every_days} days.", "schedule", now)


def moment(place: Place, as_of: datetime | None) -> datetime:
    """Now, or another time in replays. Raises TrainingStoppedError: in earnest nobody chooses the time."""
    if as_of is None:
        return place.now()
    if not place.limits.replay:
        raise TrainingStoppedError(
            "--as-of is for replays of the past.", fix="Set PICKLEFLEET_REPLAY=1 on a machine of your own."
        )
    return as_of


def _ask(place: Place, reason: str, origin: Origin, at: datetime, *, dry_run: bool = False) -> RetrainRequest:
    champion = current_champion(place.registry, place.trust)
    waiting = place.queue.open()
    if waiting:
        raise TrainingWaitsError(
            f"{waiting[0].id} is open already; one at a time.", fix="Run it: picklefleet retrain run"
        )
    require_cool(at, place.queue.fits())
    request = RetrainRequest(
        champion.manifest.name,
        champion.version,
        at.date(),
        reason,
        (),
        (),
        timestamp(at),
        origin=origin,
        requested_by=place.by,
    )
    if not dry_run:
        place.queue.add(request)
    return request
