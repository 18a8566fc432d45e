"""Each kind of file that people hand over, with the verdict, the sentence and the fix."""

import builtins
import gzip
import importlib
import io
import json
import pickle
import zipfile
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import RandomizedSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from intake.finding import Code
from intake.inspection import Inspection, Verdict, inspect_file, require_servable
from lifecycle.errors import ModelRefusedError
from lifecycle.pickles.allow_list import AllowList
from lifecycle.runtime import installed_libraries
from tests.honest_models import NAMES, fitted
from tests.malicious_pickles import hostile_sizes, others, running, running_in_joblib, text

ALLOWED = AllowList.default()
VERSIONS = installed_libraries()
NOWHERE = Path("canary")


@dataclass(frozen=True)
class Handed:
    model: str
    allow: tuple[str, ...] = ()
    shim: str | None = None
    accept_version: bool = False


@pytest.fixture
def inspected(tmp_path):
    def inspect(data: bytes, **options) -> Inspection:
        path = tmp_path / "model.pkl"
        path.write_bytes(data)
        return inspect_file(path, options.pop("allowed", ALLOWED), VERSIONS, **options)

    return inspect


def only(inspection: Inspection, code: Code):
    assert [finding.code for finding in inspection.findings] == [code]
    return inspection.findings[0]


def joblib_bytes(value, compress=0) -> bytes:
    stream = io.BytesIO()
    joblib.dump(value, stream, compress=compress)
    return stream.getvalue()


@pytest.mark.parametrize("name", NAMES)
def test_honest_models_are_servable_in_every_way_of_writing_them(name, inspected):
    model, _ = fitted(name)

    for data in (
        *(pickle.dumps(model, protocol=number) for number in range(6)),
        joblib_bytes(model),
        joblib_bytes(model, 3),
        gzip.compress(joblib_bytes(model)),
    ):
        inspection = inspected(data)
        assert inspection.findings == ()
        assert inspection.verdict is Verdict.SERVABLE
        assert inspection.report.estimators[0].kind.name == type(model).__name__


@pytest.mark.parametrize("name", {**running(NOWHERE), **running_in_joblib(NOWHERE), **others(NOWHERE)})
def test_malicious_files_are_refused_and_nothing_in_them_runs(name, inspected, tmp_path):
    canary = tmp_path / "canary"
    data = {**running(canary), **running_in_joblib(canary), **others(canary)}[name]

    inspection = inspected(data)

    assert inspection.verdict is not Verdict.SERVABLE
    assert not canary.exists()


@pytest.mark.parametrize("name", hostile_sizes())
def test_impossible_sizes_are_not_servable(name, inspected):
    assert inspected(hostile_sizes()[name]).verdict is not Verdict.SERVABLE


def test_reading_imports_nothing_that_the_file_names(inspected, monkeypatch):
    real = builtins.__import__

    def watched(name, *rest):
        assert not name.startswith(("xgboost", "antigravity", "this"))
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", watched)
    monkeypatch.setattr(importlib, "import_module", watched)

    inspected(b"\x80\x04cantigravity\nfly\n)Rcthis\ns\n\x86.")


class TestDangerous:
    def test_the_message_names_what_would_run(self, inspected):
        finding = inspected(running(NOWHERE)["REDUCE"]).findings[0]

        assert finding.code is Code.DANGEROUS
        assert finding.message == "This file would run os.system when it is loaded; do not open it."

    @pytest.mark.parametrize(
        ("name", "runs"),
        [
            ("protocol 0", "posix.system"), ("protocol 5", "posix.system"), ("INST", "os.system"),
            ("OBJ", "os.system"), ("STACK_GLOBAL with memo", "os.system"), ("Python 2 name", "builtins.eval"),
            ("builtins.exec", "builtins.exec"), ("pipepager", "pydoc.pipepager"),
        ],
    )  # fmt: skip
    def test_whatever_the_opcode(self, name, runs, inspected):
        finding = inspected(running(NOWHERE)[name]).findings[0]

        assert finding.code is Code.DANGEROUS
        assert f"would run {runs} " in finding.message

    def test_inside_a_joblib_array_too(self, inspected):
        finding = inspected(running_in_joblib(NOWHERE)["joblib object array"]).findings[0]

        assert "would run posix.system" in finding.message

    def test_in_a_second_pickle_behind_an_honest_one(self, inspected):
        model, _ = fitted("ridge")

        finding = only(inspected(pickle.dumps(model) + running(NOWHERE)["REDUCE"]), Code.DANGEROUS)

        assert "os.system" in finding.message

    def test_behind_an_early_end_of_a_joblib_dump(self, inspected):
        model, _ = fitted("ridge")

        assert inspected(joblib_bytes(model) + running(NOWHERE)["INST"]).verdict is Verdict.REFUSED

    def test_a_table_around_a_model_hides_nothing(self, inspected):
        table = pd.DataFrame({"model": [fitted("ridge")[0], Fraction(1, 3)]}, dtype=object)

        inspection = inspected(pickle.dumps(table))

        assert inspection.verdict is Verdict.REFUSED
        assert any("fractions.Fraction" in finding.message for finding in inspection.findings)


class TestVersions:
    def made_with(self, version: str) -> bytes:
        data = pickle.dumps(fitted("ridge")[0], protocol=4)
        here = VERSIONS["scikit-learn"]
        return data.replace(text(here)[5:], version.encode()) if len(version) == len(here) else b""

    def test_another_minor_is_refused_with_the_command_that_serves_it(self, inspected):
        inspection = inspected(self.made_with("1.6.1"))

        finding = only(inspection, Code.OTHER_VERSION)
        assert "made with scikit-learn 1.6.1" in finding.message
        assert finding.fix == f"make run RUNTIME=sklearn-1.6 MODEL={inspection.path}"

    def test_a_minor_without_a_runtime_is_refused_with_the_pin(self, inspected):
        finding = only(inspected(self.made_with("1.3.2")), Code.OTHER_VERSION)

        assert f"scikit-learn=={VERSIONS['scikit-learn']}" in finding.fix

    def test_it_may_be_accepted(self, inspected):
        assert inspected(self.made_with("1.3.2"), handed=Handed("", accept_version=True)).findings == ()

    def test_another_patch_release_is_served(self, inspected):
        minor = VERSIONS["scikit-learn"].rsplit(".", 1)[0]

        assert inspected(self.made_with(f"{minor}.0")).verdict is Verdict.SERVABLE


class TestForeignCode:
    MAIN = b"\x80\x04c__main__\nClip\n)\x81}" + text("factor") + b"K\x03sb."

    def test_a_class_of_main_is_named_with_the_shim_that_mends_it(self, inspected):
        finding = only(inspected(self.MAIN), Code.MAIN_CLASS)

        assert finding.message.startswith("Clip was defined in the script or notebook")
        assert "--shim shim.py" in finding.fix

    def test_with_a_shim_it_is_served(self, inspected):
        assert inspected(self.MAIN, handed=Handed("", shim="shim.py")).verdict is Verdict.SERVABLE

    def test_a_missing_module_is_named(self, inspected):
        data = b"\x80\x04cnowhere_to_be_found.steps\nClip\n)\x81}" + text("n_features_in_") + b"K\x03sb."

        finding = only(inspected(data), Code.MISSING_MODULE)

        assert "nowhere_to_be_found" in finding.message
        assert "--allow nowhere_to_be_found.steps:Clip" in finding.fix

    def test_a_global_outside_the_list_is_named_with_the_way_to_allow_it(self, inspected):
        data = b"\x80\x04cfractions\nFraction\n)\x81}" + text("n_features_in_") + b"K\x03sb."

        finding = only(inspected(data), Code.NOT_ALLOWED)

        assert "fractions.Fraction" in finding.message
        assert "--allow fractions:Fraction" in finding.fix
        extended = ALLOWED.with_extra(["fractions:Fraction"])
        assert inspected(data, allowed=extended).verdict is Verdict.SERVABLE

    def test_a_lambda_by_cloudpickle_is_recognised(self, inspected):
        cloudpickle = pytest.importorskip("cloudpickle")
        model = make_pipeline(FunctionTransformer(lambda rows: rows), LinearRegression()).fit([[1.0]], [1.0])

        finding = only(inspected(cloudpickle.dumps(model)), Code.CLOUDPICKLE)

        assert "--shim" in finding.fix

    def test_dill_is_recognised(self, inspected):
        finding = only(inspected(b"\x80\x04cdill._dill\n_create_function\n)R."), Code.DILL)

        assert "dill" in finding.message

    def test_a_search_with_distributions_is_told_to_hand_over_its_winner(self, inspected):
        search = RandomizedSearchCV(LogisticRegression(), {"C": stats.uniform(0.1, 1)}, n_iter=1, cv=2)
        search.fit([[0.0], [1.0], [0.1], [0.9]], [0, 1, 0, 1])

        finding = only(inspected(pickle.dumps(search)), Code.NOT_ALLOWED)

        assert "best_estimator_" in finding.fix


class TestNotAModel:
    @pytest.mark.parametrize(
        ("value", "what"),
        [
            (pd.DataFrame({"a": [1, 2]}), "a DataFrame"),
            (np.arange(5.0), "an array of 5 elements"),
            ({"threshold": 0.5}, "a dictionary with 'threshold'"),
            ("a text", "a text"),
            ([1, 2], "a list of 2"),
            (None, "nothing"),
            (np.float64(1.5), "a number"),
        ],
    )
    @pytest.mark.parametrize("write", [pickle.dumps, joblib_bytes])
    def test_it_says_what_the_file_holds(self, value, what, write, inspected):
        finding = only(inspected(write(value)), Code.NOT_A_MODEL)

        assert f"holds {what}" in finding.message

    @pytest.mark.parametrize(
        "model", [LogisticRegression(), make_pipeline(StandardScaler(), LogisticRegression())]
    )
    def test_an_unfitted_estimator_is_refused(self, model, inspected):
        finding = only(inspected(pickle.dumps(model)), Code.UNFITTED)

        assert type(model).__name__ in finding.message
        assert ".fit" in finding.fix

    def test_a_fitted_step_does_not_hide_an_unfitted_one(self, inspected):
        model = make_pipeline(StandardScaler().fit([[1.0]]), LogisticRegression())

        assert "(step logisticregression)" in only(inspected(pickle.dumps(model)), Code.UNFITTED).message

    def test_a_vectoriser_that_would_open_files_named_by_requests_is_refused(self, inspected, tmp_path):
        page = tmp_path / "page.txt"
        page.write_text("some words")
        model = make_pipeline(CountVectorizer(input="filename"), LinearRegression()).fit([str(page)], [1.0])

        assert "would open it" in only(inspected(pickle.dumps(model)), Code.READS_FILES).message


class TestForeignFiles:
    def zipped(self, *names: str) -> bytes:
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            for name in names:
                archive.writestr(name, b"x")
        return stream.getvalue()

    @pytest.mark.parametrize(
        ("data", "what"),
        [
            (b"\x89HDF\r\n\x1a\n" + bytes(50), "HDF5"),
            (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "Git LFS"),
            (b"<!DOCTYPE html><html></html>", "web page"),
            (b"  <html>", "web page"),
            (json.dumps({"a": 1}).encode(), "JSON"),
            (b'<?xml version="1.0"?><PMML version="4.4"></PMML>', "PMML"),
            (b"X\n\x00\x00\x00\x03", "R object"),
            (gzip.compress(b"X\n\x00\x00\x00\x03\x00\x04", mtime=0), "R object"),
            (b"\x93NUMPY\x01\x00", "numpy array"),
            (b"PAR1", "Parquet"),
            (b"\x08\x07\x12\x07pytorch\x1a\x031.9", "ONNX"),
            (b"tree\nversion=v4\n", "LightGBM"),
        ],
    )
    def test_they_are_called_by_their_name(self, data, what, inspected):
        inspection = inspected(data)

        assert what in only(inspection, Code.FOREIGN).message
        assert inspection.verdict is Verdict.UNREADABLE

    @pytest.mark.parametrize(
        ("names", "what"),
        [
            (("model/data.pkl", "model/version"), "PyTorch"),
            (("config.json", "metadata.json", "model.weights.h5"), "Keras"),
            (("schema.json",), "skops"),
            (("a.npy",), r"numpy archive"),
            (("readme.md",), "zip archive"),
        ],
    )
    def test_archives_are_called_by_what_is_in_them(self, names, what, inspected):
        assert what in only(inspected(self.zipped(*names)), Code.FOREIGN).message

    def test_a_text_is_no_pickle(self, inspected):
        assert "no pickle" in only(inspected(b"size,weight\n1,2\n"), Code.FOREIGN).message

    def test_an_empty_file_says_so(self, inspected):
        assert only(inspected(b""), Code.EMPTY).message == "The file is empty."

    def test_a_missing_file_says_so(self, tmp_path):
        inspection = inspect_file(tmp_path / "nowhere", ALLOWED, VERSIONS)

        assert "No such file" in only(inspection, Code.NOT_READABLE).message

    @pytest.mark.parametrize("write", [pickle.dumps, joblib_bytes, lambda model: joblib_bytes(model, 3)])
    def test_a_cut_off_model_says_so(self, write, inspected):
        whole = write(fitted("forest")[0])

        inspection = inspected(whole[: len(whole) * 2 // 3])

        assert inspection.verdict is Verdict.UNREADABLE
        assert "cut off" in inspection.findings[0].message


class TestRequireServable:
    def test_a_servable_file_passes(self, tmp_path):
        path = tmp_path / "model.pkl"
        joblib.dump(fitted("columns")[0], path)

        require_servable(Handed(str(path)))

    def test_every_reason_is_told_at_once(self, tmp_path):
        path = tmp_path / "model.pkl"
        path.write_bytes(b"\x80\x04(cos\nsystem\nc__main__\nClip\nl.")

        with pytest.raises(ModelRefusedError, match=r"(?s)os\.system.*Also: Clip was defined"):
            require_servable(Handed(str(path)))

    def test_what_was_allowed_counts(self, tmp_path):
        path = tmp_path / "model.pkl"
        path.write_bytes(b"\x80\x04cfractions\nFraction\n)\x81}" + text("n_features_in_") + b"K\x03sb.")

        require_servable(Handed(str(path), allow=("fractions:Fraction",)))
        with pytest.raises(ModelRefusedError):
            require_servable(Handed(str(path)))


_PIECES = st.lists(
    st.sampled_from(
        [b"(", b".", b"0", b"2", b"R", b"b", b"o", b"t", b"]", b"}", b")", b"a", b"e", b"s", b"u", b"N", b"\x81",
         b"\x85", b"\x86", b"\x92", b"\x93", b"\x8f", b"\x90", b"\x91", b"\x94", b"h\x00", b"Q", b"K\x01",
         b"cos\nsystem\n", b"ipydoc\nhelp\n", b"cbuiltins\nset\n", b"cnumpy\ndtype\n",
         text("os"), text("system"), text("x")]
    ), max_size=30,
)  # fmt: skip


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pieces=_PIECES)
def test_no_sequence_of_opcodes_that_names_a_foreign_global_is_servable(pieces, tmp_path):
    path = tmp_path / "model.pkl"
    path.write_bytes(b"\x80\x04" + b"".join(pieces) + b".")

    inspection = inspect_file(path, ALLOWED, VERSIONS)

    if inspection.report and any(not use.allowed for use in inspection.report.globals):
        assert inspection.verdict is not Verdict.SERVABLE


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(position=st.integers(0, 10_000), value=st.integers(0, 255), cut=st.booleans())
def test_a_damaged_file_is_judged_and_never_raises(position, value, cut, tmp_path):
    whole = joblib_bytes(fitted("ridge")[0])
    where = position % len(whole)
    path = tmp_path / "model.pkl"
    path.write_bytes(whole[:where] if cut else whole[:where] + bytes([value]) + whole[where + 1 :])

    assert inspect_file(path, ALLOWED, VERSIONS).verdict in Verdict
