import gzip
import io
import pickle

import joblib
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from intake.estimators import find_estimators
from intake.notes import Notes, UnreadablePickleError
from intake.opcodes import read_pickle
from intake.report import PickleReport, read_report
from intake.symbols import Global, Made, array_values, class_of
from lifecycle.pickles.allow_list import AllowList
from lifecycle.pickles.containers import unwrap
from tests.honest_models import FRAME, NAMES, fitted
from tests.malicious_pickles import call, named, text

ALLOWED = AllowList.default()
WRITERS = {
    f"pickle {number}": lambda v, number=number: pickle.dumps(v, protocol=number) for number in range(6)
}


def joblib_bytes(value, compress=0) -> bytes:
    stream = io.BytesIO()
    joblib.dump(value, stream, compress=compress)
    return stream.getvalue()


WRITERS["joblib"] = joblib_bytes


def report(data: bytes) -> PickleReport:
    return read_report(unwrap(data), len(data), ALLOWED)


def read(data: bytes):
    notes = Notes()
    return read_pickle(io.BytesIO(data), notes), notes


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
class TestWhateverTheFormat:
    def test_the_pipeline_is_seen_with_its_steps(self, write):
        (pipeline,) = report(write(fitted("columns and boosting")[0])).estimators

        assert pipeline.kind == Global("sklearn.pipeline", "Pipeline")
        assert [(part.place, part.kind.name) for part in pipeline.walk()] == [
            ("", "Pipeline"),
            ("columntransformer", "ColumnTransformer"),
            ("num", "Pipeline"),
            ("simpleimputer", "SimpleImputer"),
            ("standardscaler", "StandardScaler"),
            ("cat", "OneHotEncoder"),
            ("gradientboostingregressor", "GradientBoostingRegressor"),
            ("init_", "DummyRegressor"),
            ("estimators_", "DecisionTreeRegressor"),
        ]
        assert all(part.fitted for part in pipeline.walk())

    def test_feature_names_classes_and_versions_are_read(self, write):
        seen = report(write(fitted("columns")[0]))

        import sklearn

        assert seen.feature_names == tuple(FRAME.columns)
        assert seen.sklearn_versions == (sklearn.__version__,)
        assert seen.numpy_major == 2
        assert next(seen.estimators[0].walk()).classes == ()
        assert seen.estimators[0].parts[-1].classes == ("no", "yes")
        assert seen.estimators[0].parts[0].features == len(FRAME.columns)

    @pytest.mark.parametrize(
        "array",
        [np.arange(4), np.array([1.5, -2.0]), np.array([True, False]), np.array(["a", "für"]),
         np.array(["x", "y"], dtype=object), np.arange(3, dtype=">i2"), np.zeros(0)],
        ids=str,
    )  # fmt: skip
    def test_small_arrays_are_read_without_numpy(self, write, array):
        root, _ = read(write(array))

        assert array_values(root) == array.tolist()

    def test_the_same_globals_are_seen_that_loading_asks_for(self, write):
        data = write(fitted("histogram boosting")[0])
        asked = _Asked(data)
        asked.load()

        assert {(use.module, use.name) for use in report(data).globals} == asked.names
        assert all(use.allowed for use in report(data).globals)


class _Asked(joblib.numpy_pickle.NumpyUnpickler):
    def __init__(self, data: bytes) -> None:
        super().__init__("", io.BytesIO(data), ensure_native_byte_order=True)
        self.names: set[tuple[str, str]] = set()

    def find_class(self, module, name):
        from lifecycle.pickles.allow_list import canonical_global

        self.names.add(canonical_global(self.proto, module, name))
        return super().find_class(module, name)


def test_format_container_and_sizes_are_told():
    data = gzip.compress(joblib_bytes(fitted("ridge")[0]))

    seen = report(data)

    assert (seen.format, seen.container, seen.size) == ("joblib", "gzip", len(data))
    assert seen.unpacked_size > 0


@pytest.mark.parametrize("number", range(6))
def test_the_protocol_is_told(number):
    expected = number if number >= 2 else 0  # protocols 0 and 1 do not say which they are

    assert report(pickle.dumps(fitted("ridge")[0], protocol=number)).protocol == expected


@pytest.mark.parametrize("name", NAMES)
def test_every_honest_kind_is_seen_as_fitted(name):
    (estimator,) = report(joblib_bytes(fitted(name)[0])).estimators

    assert estimator.fitted is True


def test_estimators_in_bundles_keep_their_places():
    bundle = {"model": fitted("ridge")[0], "others": (fitted("tree")[0], [LogisticRegression()])}

    found = report(pickle.dumps(bundle)).estimators

    assert [(one.place, one.kind.name, one.fitted) for one in found] == [
        ("model", "Ridge", True),
        ("others", "DecisionTreeClassifier", True),
        ("others", "LogisticRegression", False),
    ]


def test_the_trees_of_a_forest_are_counted():
    (forest,) = report(joblib_bytes(fitted("forest")[0])).estimators

    assert [(part.kind.name, part.count) for part in forest.parts] == [("DecisionTreeClassifier", 5)]


def test_an_object_that_holds_itself_is_read_once():
    looped: list[object] = [fitted("ridge")[0]]
    looped.append(looped)

    assert len(report(pickle.dumps(looped)).estimators) == 1


class TestSymbols:
    def test_calls_are_recorded_and_not_made(self):
        root, notes = read(b"\x80\x04" + call("os", "system", text("true")) + b".")

        assert isinstance(root, Made)
        assert (root.callee, root.arguments) == (Global("os", "system"), ("true",))
        assert list(notes.called) == [Global("os", "system")]

    @pytest.mark.parametrize("number", [0, 1, 2, 3, 4, 5])
    def test_the_class_of_an_object_is_seen_through_its_reconstructor(self, number):
        root, _ = read(pickle.dumps(fitted("ridge")[0], protocol=number))

        assert class_of(root) == Global("sklearn.linear_model._ridge", "Ridge")

    @pytest.mark.parametrize(
        "value", [{1, 2}, frozenset({1}), {"a": {None: 1}}, (1, [2, (3,)]), bytearray(b"x")]
    )
    @pytest.mark.parametrize("number", range(6))
    def test_plain_values_of_all_kinds_are_readable(self, value, number):
        read(pickle.dumps(value, protocol=number))

    def test_a_global_that_is_only_named_is_not_called(self):
        _, notes = read(b"\x80\x04" + named("os", "system") + b".")

        assert list(notes.globals) == [Global("os", "system")]
        assert not notes.called

    @pytest.mark.parametrize(
        ("data", "fault"),
        [
            (b"\x80\x04\x8c\x01aQ.", "persistent"),
            (b"\x80\x02\x82\x05.", "extension 5"),
            (b"\x80\x05\x97.", "buffers"),
            (b"\x80\x04" + call("builtins", "str", b")") + text("x") + b"\x93.", "computes the name"),
            (b"\x80\x04" + named("os", "path") + b"}b.", "changes a class"),
            (b"\x80\x04" + text("x") + b")R.", "no plain global"),
            (b"\x80\x04" + text("x") + b"Na.", "adds items"),
            (b"\x80\x04" + text("x") + b"NNs.", "sets items"),
        ],
    )
    def test_what_no_honest_dump_does_is_a_fault(self, data, fault):
        _, notes = read(data)

        assert any(fault in told for told in notes.faults)

    def test_reading_ends_when_there_are_too_many_steps(self, monkeypatch):
        monkeypatch.setattr("intake.notes.MAX_OPCODES", 10_000)

        with pytest.raises(UnreadablePickleError, match="takes too long"):
            read(b"\x80\x04" + b"N0" * 10_000 + b"N.")

    def test_reading_ends_when_its_time_is_over(self):
        notes = Notes(deadline=0.0)

        with pytest.raises(UnreadablePickleError, match="takes too long"):
            read_pickle(io.BytesIO(b"\x80\x04" + b"N0" * 10_000 + b"N."), notes)

    def test_joblib_arrays_inside_one_another_end(self):
        wrapper = named("joblib.numpy_pickle", "NumpyArrayWrapper") + b")\x81}("
        kind = call("numpy", "dtype", text("O8"), b"\x89", b"\x88")
        nested = wrapper + text("dtype") + kind + text("shape") + b"K\x01\x85ub"

        with pytest.raises(UnreadablePickleError):
            read(nested * 20_000 + b".")


class TestTrailing:
    def test_bytes_behind_the_model_are_counted(self):
        assert report(pickle.dumps(1) + b"\x00\x00\x00").trailing == 3

    def test_a_second_pickle_is_read_and_counted(self):
        seen = report(pickle.dumps(1) + b"\x80\x04" + call("os", "system", text("x")) + b".")

        assert seen.pickles == 2
        assert seen.trailing == 0
        assert [str(use) for use in seen.globals] == ["os.system"]

    def test_endless_pickles_are_a_fault(self):
        assert any("behind one another" in fault for fault in report(b"N." * 5000).faults)


def test_an_estimator_of_another_library_is_recognised():
    booster = b"\x80\x04" + named("xgboost.sklearn", "XGBClassifier") + b")\x81}"
    root, _ = read(booster + text("_Booster") + named("xgboost.core", "Booster") + b")\x81sb.")

    (estimator,) = find_estimators(root)

    assert (estimator.kind.name, estimator.fitted) == ("XGBClassifier", True)
