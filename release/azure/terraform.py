"""terraform/traffic, driven as its README has it: plan, show, look at the saved plan, apply that very plan."""

import fcntl
import json
import secrets
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lifecycle import clock
from lifecycle.atomic_file import write_atomically
from lifecycle.claims import Claim
from lifecycle.errors import NotFoundError, PicklefleetError
from lifecycle.logs import get_logger
from release.azure.facts import FleetFacts, Pool
from release.azure.saved_plan import changes_nothing, objections
from release.azure.state_lock import LockNote, StateLock, is_held, lock_in, may_break, myself, note_from_bytes

LONGEST_S = 900.0
BEATS_EVERY_S = 60.0  # others take over after five silent minutes
_NOTE = "traffic-"

log = get_logger(__name__)


class TrafficError(PicklefleetError):
    """Terraform could not do it, or would do something else than was meant."""

    exit_code = 75  # EX_TEMPFAIL


class TrafficRefusedError(TrafficError):
    """The saved plan does something else than to point the rule at the pool meant."""

    exit_code = 1


@dataclass(frozen=True, slots=True)
class Traffic:
    """`root` is terraform/traffic, `kept` the machine's folder for saved plans. `told` shows a person each plan."""

    root: Path
    kept: Path
    facts: FleetFacts
    claim: Claim
    told: Callable[[str], object]
    program: str = "terraform"
    longest_s: float = LONGEST_S
    beats_every_s: float = BEATS_EVERY_S

    def point(self, pool: Pool) -> None:
        """Point the balancer's rule at the pool, and nothing else. Raises TrafficError."""
        self.kept.mkdir(parents=True, exist_ok=True)
        with self._alone() as lock:
            self._note()
            self._run(lock, "init", "-reconfigure", *self._backend())
            saved = self._plan(lock, pool)
            plan = json.loads(self._run(lock, "show", "-json", str(saved)))
            self.told(self._run(lock, "show", "-no-color", str(saved)))
            found = list(objections(plan, self.facts.pool_ids[pool]))
            if found:
                raise TrafficRefusedError(
                    "The plan of terraform/traffic was refused: " + " ".join(found),
                    fix="Look at it: terraform -chdir=terraform/traffic plan. Clients stay where they are.",
                )
            if not changes_nothing(plan):
                self._unlocked(lock, "apply", "-input=false", "-no-color", str(saved))
                log.info("traffic_pointed", pool=pool)

    def _plan(self, lock: int, pool: Pool) -> Path:
        variables, saved = self.kept / "traffic.tfvars.json", self.kept / "traffic.plan"
        write_atomically(variables, json.dumps(self.facts.traffic_variables() | {"pool": pool}).encode())
        self._unlocked(lock, "plan", "-input=false", "-no-color", f"-var-file={variables}", f"-out={saved}")
        return saved

    def _backend(self) -> Iterator[str]:
        yield "-input=false"
        for name, value in self.facts.backend.items():
            yield f"-backend-config={name}={value}"

    def _unlocked(self, lock: int, *command: str) -> str:
        """A lock that a killed walker left is broken once; whoever else holds one is left alone."""
        try:
            return self._run(lock, *command)
        except TrafficError as problem:
            left = lock_in(problem.message)
            if left is None and is_held(problem.message):
                raise TrafficError(
                    "The state of terraform/traffic is locked, and the lock does not say whose it is: a Terraform was "
                    "killed between taking it and saying so.",
                    fix="If nobody works there: az storage blob lease break, for the blob of that state.",
                ) from problem
            if left is None:
                raise
            self._break(lock, left)
            return self._run(lock, *command)

    def _break(self, lock: int, left: StateLock) -> None:
        if not may_break(left, self._notes(), self.claim.number):
            raise TrafficError(
                f"{left.who} holds the state of terraform/traffic since {left.created:%H:%M:%S} UTC, and no walker "
                "that is dead left that lock.",
                fix=f"Wait, or, if nobody works there: terraform -chdir=terraform/traffic force-unlock {left.id}",
            )
        self.claim.heartbeat()  # once more: nobody has taken over from this one either
        self._run(lock, "force-unlock", "-force", left.id)
        log.warning("state_lock_broken", lock=left.id, who=left.who)

    def _note(self) -> None:
        note = LockNote(self.claim.number, myself(), clock.timestamp(clock.now()))
        self.claim.store.create(f"{self.claim.folder}/{_NOTE}{secrets.token_hex(8)}.json", note.to_bytes())

    def _notes(self) -> Iterator[LockNote]:
        store = self.claim.store
        for key in store.list(self.claim.prefix):
            if f"/{_NOTE}" in key:
                try:
                    note = note_from_bytes(store.get(key))
                except NotFoundError:
                    continue
                if note is not None:
                    yield note

    def _run(self, lock: int, *command: str) -> str:
        try:
            with subprocess.Popen(  # noqa: S603 - the project's own root, and values that were checked
                [self.program, f"-chdir={self.root}", *command],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, pass_fds=(lock,),
            ) as running:  # fmt: skip
                told, wrong = self._awaited(running, command[0])
        except OSError as problem:
            raise TrafficError(f"terraform {command[0]} can't be started: {problem}.") from problem
        if running.returncode != 0:
            raise TrafficError(f"terraform {command[0]} failed: {(wrong or told).strip()}")
        return told

    def _awaited(self, running: "subprocess.Popen[str]", name: str) -> tuple[str, str]:
        """The claim is kept alive meanwhile; a Terraform that is at it is never killed but when it takes too long."""
        began = clock.monotonic()
        while True:
            try:
                return running.communicate(timeout=self.beats_every_s)
            except subprocess.TimeoutExpired:
                if clock.monotonic() - began > self.longest_s:
                    running.kill()
                    raise TrafficError(f"terraform {name} took longer than {self.longest_s:g} s.") from None
                self.claim.heartbeat()

    @contextmanager
    def _alone(self) -> Iterator[int]:
        """Terraform inherits this lock: one that outlives its killed walker is waited for by the next one."""
        with (self.kept / "terraform.lock").open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as problem:
                raise TrafficError(
                    "A Terraform that another walker started still runs on this machine.",
                    fix="It is waited for.",
                ) from problem
            yield file.fileno()
