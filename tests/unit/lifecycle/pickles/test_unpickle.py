import bz2
import gzip
import io
import lzma
import pickle
import types
import zlib

import joblib
import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from lifecycle.errors import ModelRefusedError
from lifecycle.pickles.allow_list import AllowList
from lifecycle.pickles.unpickle import load_model_bytes, load_model_file
from tests.honest_models import NAMES, fitted

ALLOWED = AllowList.default()


def joblib_bytes(value, compress=0) -> bytes:
    stream = io.BytesIO()
    joblib.dump(value, stream, compress=compress)
    return stream.getvalue()


WRITERS = {
    **{
        f"pickle {number}": lambda model, number=number: pickle.dumps(model, protocol=number)
        for number in range(6)
    },
    "gzip": lambda model: gzip.compress(pickle.dumps(model)),
    "joblib": joblib_bytes,
    "joblib zlib": lambda model: joblib_bytes(model, 3),
}
WRAPPERS = {
    "joblib gzip": ("gzip", 3),
    "joblib bz2": ("bz2", 3),
    "joblib lzma": ("lzma", 3),
    "joblib xz": ("xz", 3),
}


@pytest.mark.parametrize("name", NAMES)
def test_an_honest_model_predicts_the_same_after_every_way_of_writing_it(name):
    model, rows = fitted(name)
    expected = model.predict(rows)

    for way, write in WRITERS.items():
        loaded = load_model_bytes(write(model), ALLOWED)
        assert type(loaded) is type(model), way
        np.testing.assert_array_equal(loaded.predict(rows), expected, err_msg=way)


@pytest.mark.parametrize("compress", WRAPPERS.values(), ids=WRAPPERS)
def test_every_compression_of_joblib_is_read(compress):
    model, rows = fitted("columns")

    loaded = load_model_bytes(joblib_bytes(model, compress), ALLOWED)

    np.testing.assert_array_equal(loaded.predict_proba(rows), model.predict_proba(rows))


@pytest.mark.parametrize("wrap", [gzip.compress, bz2.compress, lzma.compress, zlib.compress])
def test_a_joblib_dump_wrapped_by_hand_is_read(wrap):
    loaded = load_model_bytes(wrap(joblib_bytes({"rows": np.arange(1000.0)})), ALLOWED)

    np.testing.assert_array_equal(loaded["rows"], np.arange(1000.0))


@pytest.mark.parametrize(
    "array",
    [
        np.array(["a", None, 1.5], dtype=object),
        np.asfortranarray(np.arange(12.0).reshape(3, 4)),
        np.array(["2026-01-01"], dtype="datetime64[D]"),
        np.array([(1, 2.5)], dtype=[("a", "i4"), ("b", "f8")]),
        np.array([(1, "x")], dtype=[("a", "i4"), ("b", "O")]),
        np.arange(4, dtype=">i4"),
        np.array(3.5),
        np.zeros((0, 3)),
        np.array(["für", "b"]),
        np.ma.masked_array([1.0, 2.0], [True, False]),
    ],
    ids=["objects", "fortran", "dates", "records", "records of objects", "big endian", "scalar", "empty", "text", "masked"],
)  # fmt: skip
def test_arrays_of_all_kinds_come_back_equal(array):
    for data in (joblib_bytes(array), *(pickle.dumps(array, protocol=number) for number in range(6))):
        loaded = load_model_bytes(data, ALLOWED)
        assert loaded.dtype == array.dtype.newbyteorder("=") or loaded.dtype == array.dtype
        np.testing.assert_array_equal(loaded, array)


def test_a_memory_mapped_array_becomes_a_plain_one(tmp_path):
    mapped = np.memmap(tmp_path / "rows", dtype="f8", mode="w+", shape=(4,))
    mapped[:] = 1.5

    loaded = load_model_bytes(joblib_bytes(mapped), ALLOWED)

    assert type(loaded) is np.ndarray
    assert loaded.tolist() == [1.5] * 4


def test_a_file_is_read_from_its_path(tmp_path):
    model, rows = fitted("columns")
    joblib.dump(model, tmp_path / "model.joblib")

    loaded = load_model_file(tmp_path / "model.joblib", ALLOWED)

    np.testing.assert_array_equal(loaded.predict(rows), model.predict(rows))


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(ModelRefusedError, match="can't be read"):
        load_model_file(tmp_path / "nowhere.pkl", ALLOWED)


def test_the_unpacked_size_is_capped():
    with pytest.raises(ModelRefusedError, match="more than 1,000,000 bytes"):
        load_model_bytes(gzip.compress(bytes(50_000_000)), ALLOWED, max_bytes=1_000_000)


class TestVersions:
    def made_with(self, version: str) -> bytes:
        model = StandardScaler().fit([[1.0], [2.0]])
        state = model.__getstate__() | {"_sklearn_version": version}
        head = b"\x80\x04csklearn.preprocessing._data\nStandardScaler\n)\x81"
        return head + pickle.dumps(state, protocol=4)[2:-1] + b"b."

    def test_another_minor_is_refused_with_both_versions(self):
        with pytest.raises(ModelRefusedError, match=r"scikit-learn 1\.3\.2; with 1\.\d+\.\d+"):
            load_model_bytes(self.made_with("1.3.2"), ALLOWED)

    def test_another_minor_is_loaded_when_it_is_accepted(self):
        loaded = load_model_bytes(self.made_with("1.3.2"), ALLOWED, accept_version=True)

        assert loaded.mean_.tolist() == [1.5]

    def test_another_patch_release_is_loaded(self):
        import sklearn

        minor = ".".join(sklearn.__version__.split(".")[:2])

        assert load_model_bytes(self.made_with(f"{minor}.99"), ALLOWED).mean_.tolist() == [1.5]

    def test_a_version_that_is_no_text_is_refused(self):
        with pytest.raises(ModelRefusedError):
            load_model_bytes(self.made_with(("1", "3")), ALLOWED)


class TestShim:
    DATA = b"\x80\x04c__main__\nScale\n)\x81}X\x06\x00\x00\x00factorK\x03sb."

    def shim(self, code: str) -> types.ModuleType:
        module = types.ModuleType("picklefleet_shim")
        exec(code, module.__dict__)  # noqa: S102 - a shim is a person's own code
        return module

    def test_a_class_of_main_comes_from_the_shim(self):
        loaded = load_model_bytes(self.DATA, ALLOWED, self.shim("class Scale: pass"))

        assert loaded.factor == 3

    def test_without_a_shim_the_message_names_the_class_and_the_way_out(self):
        with pytest.raises(ModelRefusedError, match=r"(?s)Scale.*--shim"):
            load_model_bytes(self.DATA, ALLOWED)

    def test_what_the_shim_merely_imports_is_out_of_reach(self):
        with pytest.raises(ModelRefusedError, match="defines no Scale"):
            load_model_bytes(self.DATA, ALLOWED, self.shim("from collections import OrderedDict as Scale"))


def test_a_missing_library_is_named():
    data = b"\x80\x04cxgboost.sklearn\nXGBClassifier\n)\x81."
    if _installed("xgboost"):
        pytest.skip("xgboost is installed here")

    with pytest.raises(ModelRefusedError, match="needs xgboost"):
        load_model_bytes(data, ALLOWED)


def test_a_person_may_allow_one_more_global():
    with pytest.raises(ModelRefusedError, match="fractions:Fraction"):
        load_model_bytes(b"\x80\x04cfractions\nFraction\n)R.", ALLOWED)
    assert (
        load_model_bytes(b"\x80\x04cfractions\nFraction\n)R.", ALLOWED.with_extra(["fractions:Fraction"]))
        == 0
    )


def test_an_empty_file_and_a_cut_off_one_say_so():
    whole = joblib_bytes(fitted("forest")[0])

    for data in (b"", whole[: len(whole) // 2], pickle.dumps(fitted("forest")[0])[:-1]):
        with pytest.raises(ModelRefusedError, match=r"cut off|can't be read"):
            load_model_bytes(data, ALLOWED)


def _installed(module: str) -> bool:
    from importlib.util import find_spec

    return find_spec(module) is not None
