"""Starting and stopping: one entry of the policy each, and the experiment's own document around them."""

from lifecycle import clock
from lifecycle.errors import AlreadyExistsError
from lifecycle.policy import PolicyError, TrafficPolicy, VersionRef, promoted, with_share, without
from lifecycle.policy_journal import PolicyJournal
from lifecycle.signing import SigningKey
from release.experiment.record import Experiment, Experiments
from release.experiment.sizing import Design
from release.rollout.record import Rollouts
from release.rollout.starting import CannotStartError, refuse_others
from release.series import Ended, Outcome


def prepare(  # noqa: PLR0913 - what a person says, beside the parts of the store that are asked
    experiments: Experiments,
    rollouts: Rollouts,
    journal: PolicyJournal,
    version: str,
    design: Design,
    *,
    tolerance: float | None,
    by: str,
    reason: str,
) -> Experiment:
    """Raises CannotStartError, NotFoundError, and what the policy's checks raise; changes nothing."""
    policy = journal.newest()
    if policy is None:
        raise CannotStartError("There is no champion yet.", fix=f"Make it one: picklefleet promote {version}")
    entry = journal.registry.version(version)
    challenger = VersionRef(entry.version, entry.digest)
    if challenger == policy.champion:
        raise CannotStartError(f"{version} is champion already.")
    _refuse_what_is_under_way(experiments, rollouts, policy)
    journal.check(with_share(policy, challenger, design.share))
    now = clock.timestamp(clock.now())
    return Experiment(
        0, challenger, policy.champion, policy.number, design, now, by, reason, tolerance=tolerance
    )


def start(
    experiments: Experiments, journal: PolicyJournal, prepared: Experiment, key: SigningKey
) -> Experiment:
    """The document first: killed before the policy follows, the experiment is there to be stopped or started on."""
    try:
        begun = experiments.start(prepared, key)
    except AlreadyExistsError as problem:
        raise CannotStartError(
            "Somebody else has just started an experiment.", fix="See picklefleet experiment status."
        ) from problem
    ensure_running(journal, begun, key)
    return begun


def ensure_running(journal: PolicyJournal, begun: Experiment, key: SigningKey) -> TrafficPolicy:
    """Write the arm, where a killed start left that out. Raises CannotStartError when the policy went on since."""

    def decide(policy: TrafficPolicy | None) -> TrafficPolicy:
        if policy is None or policy.champion != begun.champion:
            raise CannotStartError("The champion has changed.", fix="End it: picklefleet experiment stop")
        return with_share(policy, begun.challenger, begun.design.share)

    return journal.change(
        key, decide, by=begun.by, reason=f"experiment {begun.number}: {begun.reason}".rstrip(": ")
    )


def stop(  # noqa: PLR0913 - who, why and how it ends
    experiments: Experiments,
    journal: PolicyJournal,
    running: Experiment,
    key: SigningKey,
    *,
    promote: bool,
    by: str,
    told: str,
) -> Ended:
    """All units go back to the champion, or to the challenger for good; done again it changes nothing more."""

    def decide(policy: TrafficPolicy | None) -> TrafficPolicy:
        if policy is None:
            raise PolicyError("There is no policy.", fix="Promote a version: picklefleet promote v1")
        if policy.champion != running.champion:
            return policy  # somebody has decided since
        return promoted(policy, running.challenger) if promote else without(policy, running.challenger.digest)

    journal.change(key, decide, by=by, reason=f"experiment {running.number}: {told}")
    outcome: Outcome = "promoted" if promote else "back"
    return experiments.end(running, outcome, told)


def _refuse_what_is_under_way(experiments: Experiments, rollouts: Rollouts, policy: TrafficPolicy) -> None:
    running = experiments.open()
    if running is not None:
        raise CannotStartError(
            f"Experiment {running.number} of {running.challenger.version} is running.",
            fix="See picklefleet experiment status; end it by picklefleet experiment stop.",
        )
    rollout = rollouts.open()
    if rollout is not None:
        raise CannotStartError(
            f"Rollout {rollout.number} of {rollout.challenger.version} is under way.",
            fix="See picklefleet rollout status.",
        )
    refuse_others(policy)
