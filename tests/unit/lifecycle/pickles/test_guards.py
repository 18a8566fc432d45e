"""What allowed globals may not be made to do. Each file here names nothing but what is on the list."""

import functools
import pickle

import numpy as np
import pytest
from sklearn.utils.validation import check_array

from lifecycle.errors import ModelRefusedError
from lifecycle.pickles.allow_list import AllowList
from lifecycle.pickles.unpickle import load_model_bytes
from tests.malicious_pickles import call, named, text

ALLOWED = AllowList.default()
HEAD = b"\x80\x04"


def refused(data: bytes, match: str) -> None:
    with pytest.raises(ModelRefusedError, match=match):
        load_model_bytes(HEAD + data + b".", ALLOWED)


def dtype(kind: str, state: tuple[object, ...], copy: bool = True) -> bytes:
    made = call("numpy", "dtype", text(kind), b"\x89", b"\x88" if copy else b"\x89")
    return made + pickle.dumps(state, protocol=4)[2:-1] + b"b"


class TestDtypes:
    """Flags decide whether numpy takes an array's bytes for numbers or for pointers to objects."""

    def test_an_object_dtype_that_denies_its_objects_is_refused(self):
        refused(dtype("O8", (3, "|", None, None, None, -1, -1, 0)), "contradicts itself")

    def test_numpy_itself_does_not_mind(self):
        """The control: without the guard, bytes would be dereferenced."""
        lying = np.dtype("O", False, True)
        lying.__setstate__((3, "|", None, None, None, -1, -1, 0))

        assert not lying.hasobject

    def test_a_number_dtype_that_claims_objects_is_refused(self):
        refused(dtype("i8", (3, "<", None, None, None, -1, -1, 63)), "contradicts itself")

    def test_a_record_that_hides_an_object_is_refused(self):
        field = dtype("O8", (3, "|", None, None, None, -1, -1, 63))
        made = call("numpy", "dtype", text("V8"), b"\x89", b"\x88")
        state = (
            b"(K\x03"
            + text("|")
            + b"N"
            + text("a")
            + b"\x85}"
            + text("a")
            + field
            + b"K\x00\x86sK\x08K\x01K\x00t"
        )
        refused(made + state + b"b", "contradicts itself")

    def test_a_field_outside_of_its_record_is_refused(self):
        field = dtype("i8", (3, "<", None, None, None, -1, -1, 0))
        made = call("numpy", "dtype", text("V8"), b"\x89", b"\x88")
        state = (
            b"(K\x03"
            + text("|")
            + b"N"
            + text("a")
            + b"\x85}"
            + text("a")
            + field
            + b"K\xc8\x86sK\x08K\x01K\x00t"
        )
        refused(made + state + b"b", "can't be read|contradicts itself")

    def test_the_dtype_that_the_whole_process_shares_can_not_be_changed(self):
        refused(dtype("i8", (3, ">", None, None, None, -1, -1, 0), copy=False), "contradicts itself")
        assert np.dtype("i8") == np.int64

    def test_fields_that_crash_numpy_are_refused(self):
        refused(dtype("V8", (3, "|", None, ("a",), {"a": (1, 2)}, 8, 1, 0)), "contradicts itself")

    def test_a_duration_without_its_unit_is_refused(self):
        refused(dtype("m8", (3, "<", None, None, None, -1, -1, 0)), "contradicts itself")

    def test_a_lie_inside_a_joblib_array_of_objects_is_refused(self):
        kind = dtype("O8", (3, "|", None, None, None, -1, -1, 63))
        wrapper = (
            named("joblib.numpy_pickle", "NumpyArrayWrapper")
            + b")\x81}("
            + text("dtype")
            + kind
            + text("shape")
        )
        nested = HEAD + dtype("O8", (3, "|", None, None, None, -1, -1, 0)) + b"."
        refused(wrapper + b"K\x01\x85ub" + nested, "contradicts itself")


class TestArrayStates:
    EMPTY = call("numpy._core.multiarray", "_reconstruct", named("numpy", "ndarray"), b"K\x00\x85", b"C\x01b")
    OBJECTS = dtype("O8", (3, "|", None, None, None, -1, -1, 63))

    def state(self, length: int, content: bytes) -> bytes:
        return b"(K\x01K" + bytes([length]) + b"\x85" + self.OBJECTS + b"\x89" + content + b"tb"

    def test_objects_as_many_as_the_shape_says_are_loaded(self):
        loaded = load_model_bytes(HEAD + self.EMPTY + self.state(2, b"](K\x01K\x02e") + b".", ALLOWED)

        assert loaded.tolist() == [1, 2]

    def test_a_shape_that_reads_past_its_objects_is_refused(self):
        refused(self.EMPTY + self.state(184, b"](K\x01K\x02e"), "An array in the file contradicts itself")

    def test_a_filled_array_is_not_set_again(self):
        twice = self.state(2, b"](K\x01K\x02e") + self.state(1, b"](K\x01e")
        refused(self.EMPTY + twice, "An array in the file contradicts itself")


class TestCalls:
    def test_an_object_made_callable_is_not_called(self):
        kernel = named("sklearn.gaussian_process.kernels", "RBF") + b")\x81"
        refused(kernel + text("x") + b"\x85R", "calls a RBF object")

    @pytest.mark.parametrize(
        "function",
        [
            named("numpy", "mean"), named("builtins", "str.split"), named("numpy._core._multiarray_umath", "log"),
            named("sklearn.metrics._classification", "accuracy_score"), named("builtins", "list"),
        ],
    )  # fmt: skip
    def test_functions_that_a_model_may_hold_are_not_called(self, function):
        refused(function + text("x") + b"\x85R", "no need to")

    def test_they_may_be_held(self):
        loaded = load_model_bytes(HEAD + b"]" + named("numpy", "mean") + b"a.", ALLOWED)

        assert loaded == [np.mean]

    @pytest.mark.parametrize("target", [named("builtins", "set"), named("builtins", "bytes")])
    def test_nothing_is_made_of_a_made_up_size(self, target):
        many = call("builtins", "range", b"J\xff\xff\xff\x7f")
        refused(target + many + b"\x85R", "made-up size")

    def test_other_codecs_than_latin1_are_refused(self):
        refused(call("_codecs", "encode", text("x"), text("zlib")), "codec")


class TestPartials:
    def test_the_partial_of_histogram_boosting_is_loaded(self):
        data = pickle.dumps(functools.partial(check_array, dtype=[np.float64]))

        assert load_model_bytes(data, ALLOWED).func is check_array

    def test_any_other_partial_is_refused(self):
        refused(call("functools", "partial", named("numpy", "mean")), "functools.partial")

    def test_a_partial_is_not_changed_afterwards(self):
        honest = call("functools", "partial", named("sklearn.utils.validation", "check_array"))
        refused(honest + b"(" + named("numpy", "mean") + b")}}tb", "functools.partial")


class TestStates:
    def test_a_class_is_not_changed(self):
        kernel = named("sklearn.gaussian_process.kernels", "RBF")
        refused(kernel + b"N}" + text("__call__") + named("numpy", "mean") + b"s\x86b", "changes a class")

    def test_a_function_is_not_changed(self):
        refused(
            named("sklearn.metrics._regression", "r2_score") + b"}" + text("x") + b"Nsb", "changes a class"
        )

    def test_an_object_does_not_change_its_class(self):
        kernel = named("sklearn.gaussian_process.kernels", "RBF") + b")\x81"
        other = named("sklearn.gaussian_process.kernels", "Matern")
        refused(kernel + b"N}" + text("__class__") + other + b"s\x86b", "sets __class__")


class TestArrays:
    WRAPPER = named("joblib.numpy_pickle", "NumpyArrayWrapper") + b")\x81"

    def wrapped(self, shape: bytes) -> bytes:
        kind = dtype("f8", (3, "<", None, None, None, -1, -1, 0))
        pairs = (
            text("dtype") + kind,
            text("shape") + shape,
            text("order") + text("C"),
            text("allow_mmap") + b"\x89",
        )
        return self.WRAPPER + b"}(" + b"".join(pairs) + text("subclass") + named("numpy", "ndarray") + b"ub"

    def test_a_larger_array_than_the_file_is_refused_before_memory_is_taken(self):
        refused(self.wrapped(b"\x8a\x06\x00\x00\x00\x00\x00\x10\x85"), "cut off in the middle of an array")

    def test_a_negative_length_is_refused(self):
        refused(self.wrapped(b"J\xff\xff\xff\xff\x85"), "cut off in the middle of an array")

    def test_an_array_without_a_dtype_is_refused(self):
        refused(self.WRAPPER + b"}" + text("dtype") + text("f8") + b"sb", "no proper dtype")
