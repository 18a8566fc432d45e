"""A registered champion, what it served, and what turned out to be true: all that retraining reads, on real parts."""

import pickle
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from agent.shipper import Shipper
from intake.register import Request, register
from lifecycle import settings as settings_module
from lifecycle.adapters.object_store import open_store
from lifecycle.adapters.opening import open_registry
from lifecycle.clock import timestamp
from lifecycle.installation_keys import FLEET, RECORDS, create_key
from lifecycle.model import Model
from lifecycle.policy import VersionRef
from lifecycle.policy_journal import PolicyJournal
from lifecycle.prediction import mint, row_id
from lifecycle.prediction_log.reading import PredictionLog
from lifecycle.prediction_log.records import Feedback, PredictionRecord
from lifecycle.prediction_log.segment_cache import SegmentCache
from lifecycle.retraining import RetrainQueue, RetrainRequest
from lifecycle.signing import create_signing_key, load_signing_key, load_trust
from retrain.limits import Limits
from retrain.place import Place
from tests.record_builders import FLEET_KEY, recorder

START = datetime(2013, 4, 1, tzinfo=UTC)
DAYS = 12
A_DAY = 160
ORIGINS = ("EWR", "JFK", "LGA")
AS_OF = START + timedelta(days=DAYS + 2)
LIMITS = Limits(wall_s=600.0, replay=True)
LABELS = ("late", "on time")


def table(rows, seed, *, shift=0.0):
    """Rows of the world and what is true of them; `shift` moves the delays by standard deviations."""
    random = np.random.default_rng(seed)
    delay = random.normal(10 + 5 * shift, 5, rows)
    origin = random.choice(ORIGINS, rows)
    seats = random.integers(50, 300, rows)
    likely = 1 / (1 + np.exp(-((delay - 10) / 2 + (origin == "JFK") * 1.0 - 0.5)))
    late = random.random(rows) < likely
    delay[random.random(rows) < 0.05] = np.nan
    frame = pd.DataFrame({"delay": delay, "origin": origin.astype(object), "seats": seats})
    return frame, np.where(late, *LABELS)


def estimator(seed=0):
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    columns = ColumnTransformer(
        [("n", numbers, ["delay", "seats"]), ("c", OneHotEncoder(handle_unknown="ignore"), ["origin"])]
    )
    return make_pipeline(columns, LogisticRegression(random_state=seed))


def make_champion(folder, model=None, *, fold=True, privacy=None):
    """Register, approve and promote it in a store below the folder, with its labelled reference."""
    world = World(folder)
    frame, truth = table(2600, 1)
    days = np.arange(2600) // 130
    handed = folder / "handed"
    handed.mkdir()
    fitted = (model or estimator()).fit(frame[days < 14], truth[days < 14])
    (handed / "model.pkl").write_bytes(pickle.dumps(fitted))
    frame = frame.assign(
        arrival=truth,
        at=[timestamp(START - timedelta(days=30 - int(day))) for day in days],
        fold=np.where(days < 14, "train", "holdout"),
    )
    frame.to_csv(handed / "reference.csv", index=False)
    request = Request(
        str(handed / "model.pkl"),
        "flights",
        reference=str(handed / "reference.csv"),
        target=("arrival",),
        time="at",
        fold="fold" if fold else None,
        positive="late",
    )
    for role in ("registration", "admission"):
        create_signing_key(role, world.settings.keys_dir)
    for key in (FLEET, RECORDS):
        create_key(key, world.settings.keys_dir)
    registry = open_registry(world.settings)
    entry = register(request, registry, load_signing_key("registration", world.settings.keys_dir), "tester")
    trust, key = load_trust(world.settings.keys_dir), load_signing_key("admission", world.settings.keys_dir)
    registry.admit(entry, key, trust)
    first = VersionRef(entry.version, entry.digest)
    PolicyJournal(registry, trust).promote(key, first, by="tester", reason="first")
    return world


@dataclass
class World:
    """`serve` records requests and their labels, `place` is what retraining is given."""

    folder: object
    bases: dict = field(default_factory=dict)

    @property
    def settings(self):
        return settings_module.load(
            {f"PICKLEFLEET_{name}": str(value) for name, value in self.variables.items()}
        )

    @property
    def variables(self):
        return {
            "STORE": self.folder / "store", "MACHINE_DIR": self.folder / "machine", "KEYS_DIR": self.folder / "keys",
            "REPLAY": "1",
        }  # fmt: skip

    def place(self, limits=LIMITS, now=lambda: AS_OF):
        registry = open_registry(self.settings)
        records = open_store(self.settings).area("records")
        cache = SegmentCache(records, self.folder / "machine" / "cache")
        return Place(
            registry,
            load_trust(self.settings.keys_dir),
            PredictionLog(records, cache, memory="256MB", threads=1),
            RetrainQueue(registry.control),
            load_signing_key("registration", self.settings.keys_dir),
            self.folder / "machine" / "retraining",
            limits,
            "tester",
            now,
        )

    def champion(self):
        registry = open_registry(self.settings)
        ref = PolicyJournal(registry, load_trust(self.settings.keys_dir)).newest().champion
        manifest = registry.manifest(ref.digest)
        loaded = pickle.loads(registry.objects.get(f"bundles/{ref.digest}/model.pkl"))
        return Model("flights", ref.version, ref.digest, manifest.signature, loaded)

    def bundle_bytes(self, digest):
        objects = open_registry(self.settings).objects
        return {key: objects.get(key) for key in objects.list(f"bundles/{digest}")}

    def serve_days(self, days=DAYS, **more):
        model = self.champion()
        writing = recorder(self.folder / "spool")
        for day in range(days):
            self.serve(writing, model, START + timedelta(days=day, hours=12), seed=100 + day, **more)
        writing.close()
        self.ship()

    def serve(
        self, writing, model, at, *, seed, rows=A_DAY, shift=0.5, owner="", told=lambda labels: labels,
        change=lambda frame: frame, after=timedelta(hours=20), version=None, requests=2,
    ):  # fmt: skip
        """Two requests; `told` says what is told of what is true (None: nothing), `change` breaks the inputs."""
        frame, truth = table(rows, seed, shift=shift)
        frame = change(frame)
        for part in np.array_split(np.arange(rows), requests):
            columns = {name: _plain(frame[name].iloc[part]) for name in frame}
            at += timedelta(minutes=1)
            at_ms = int(at.timestamp() * 1000)
            base = mint(FLEET_KEY, len(part), owner, unix_ms=at_ms)
            answers = model.predict(columns, len(part)).answers
            writing.prediction(
                model.signature,
                PredictionRecord(
                    base_id=base, request_id=f"request-{base}", at_ms=at_ms, version=version or model.version,
                    columns=columns, answers=answers, rows=len(part), owner=owner,
                ),
            )  # fmt: skip
            self._label(
                writing, base, told(list(truth[part])), at_ms + int(after.total_seconds() * 1000), owner
            )

    def serve_again(self, writing, model, day, told, after):
        """The same request each time it is called for a day, so that its rows may be told of more than once."""
        at_ms = int((START + timedelta(days=day, hours=12)).timestamp() * 1000)
        frame, truth = table(A_DAY, 100 + day, shift=0.5)
        if day not in self.bases:
            columns = {name: _plain(frame[name]) for name in frame}
            self.bases[day] = base = mint(FLEET_KEY, A_DAY, unix_ms=at_ms)
            answers = model.predict(columns, A_DAY).answers
            writing.prediction(
                model.signature,
                PredictionRecord(
                    base_id=base, request_id=f"request-{base}", at_ms=at_ms, version=model.version, columns=columns,
                    answers=answers, rows=A_DAY,
                ),
            )  # fmt: skip
        self._label(
            writing, self.bases[day], told(list(truth)), at_ms + int(after.total_seconds() * 1000), ""
        )

    def ship(self):
        Shipper(open_store(self.settings).area("records"), self.folder / "spool").ship()

    def _label(self, writing, base, labels, received_ms, owner):
        if labels is None:
            return
        known = [(row_id(base, row), str(label)) for row, label in enumerate(labels) if label is not None]
        if known:
            ids, actuals = zip(*known, strict=True)
            writing.feedback(
                Feedback(
                    prediction_ids=ids, actuals=actuals, observed_ms=[None] * len(ids), received_ms=received_ms, owner=owner
                )
            )  # fmt: skip


NIGHT = AS_OF.date() - timedelta(days=1)


def drift_request(night=NIGHT, **more):
    given = RetrainRequest(
        "flights", "v1", night, "Two bad nights in a row.", (night,), ("delay is drift.",), timestamp(AS_OF)
    )
    return replace(given, **more)


def _plain(series):
    return [None if isinstance(value, float) and np.isnan(value) else value for value in series.tolist()]
