import importlib
import inspect

import pytest

from lifecycle.errors import ModelRefusedError
from lifecycle.pickles.allow_list import AllowList, canonical_global

ALLOWED = AllowList.default()


def test_only_exact_pairs_are_permitted():
    assert ALLOWED.permits("sklearn.linear_model._logistic", "LogisticRegression")
    assert not ALLOWED.permits("sklearn.linear_model", "LogisticRegression")
    assert not ALLOWED.permits("sklearn.linear_model._logistic", "LogisticRegression.fit")
    assert not ALLOWED.permits("sklearn.linear_model._logistic", "")


@pytest.mark.parametrize(
    "entry",
    [
        "builtins:getattr", "builtins:eval", "builtins:exec", "builtins:type", "builtins:open", "os:system",
        "posix:system", "operator:methodcaller", "operator:attrgetter", "numpy:load", "numpy:fromfile",
        "numpy.testing._private.utils:runstring", "joblib._utils:eval_expr", "joblib.memory:Memory",
        "joblib.numpy_pickle_compat:NDArrayWrapper", "scipy.stats._continuous_distns:norm_gen",
        "scipy.stats._distn_infrastructure:rv_continuous_frozen", "sklearn.datasets._openml:fetch_openml",
        "pandas.io.parsers.readers:read_csv", "pandas.io.pickle:read_pickle", "types:FunctionType",
    ],
)  # fmt: skip
def test_gadgets_are_not_listed(entry):
    assert not ALLOWED.permits(*entry.split(":"))


def test_nothing_listed_comes_from_a_module_that_fetches_tests_or_reads_files():
    suspect = ("datasets", "testing", "tests", "conftest", "memory", "io.", "ctypeslib", "f2py", "distutils")

    assert [entry for entry in ALLOWED.entries if any(word in entry.split(":")[0] for word in suspect)] == []


def test_every_listed_class_of_scikit_learn_stores_its_state_without_running_it():
    """A `__setstate__` of pure Python must not execute text: that is how scipy's distributions were found."""
    for entry in sorted(ALLOWED.entries):
        module, name = entry.split(":")
        if not module.startswith("sklearn."):
            continue
        try:
            found = getattr(importlib.import_module(module), name)
        except (ImportError, AttributeError):
            continue  # another minor's name
        method = getattr(found, "__setstate__", None)
        source = inspect.getsource(method) if inspect.isfunction(method) else ""
        assert "exec(" not in source, entry
        assert "eval(" not in source, entry


def test_the_list_is_sorted_and_has_no_doubles():
    from importlib import resources

    lines = (
        resources.files("lifecycle.pickles").joinpath("allowed_globals.txt").read_text("utf-8").splitlines()
    )
    entries = [line for line in lines if not line.startswith("#")]

    assert entries == sorted(set(entries))


def test_an_extra_global_is_added_to_a_copy():
    extended = ALLOWED.with_extra(["mylib.steps:Clip"])

    assert extended.permits("mylib.steps", "Clip")
    assert not ALLOWED.permits("mylib.steps", "Clip")


@pytest.mark.parametrize(
    "entry", ["mylib", "mylib:", ":Clip", "mylib.*:Clip", "mylib:Clip Clap", "my-lib:Clip", "a:b:c"]
)
def test_an_extra_global_of_another_shape_is_refused(entry):
    with pytest.raises(ModelRefusedError, match="names no global"):
        ALLOWED.with_extra([entry])


def test_main_is_never_allowed():
    with pytest.raises(ModelRefusedError, match="--shim"):
        ALLOWED.with_extra(["__main__:Clip"])


def test_old_protocols_are_judged_by_the_name_that_is_really_imported():
    assert canonical_global(2, "__builtin__", "eval") == ("builtins", "eval")
    assert canonical_global(0, "copy_reg", "_reconstructor") == ("copyreg", "_reconstructor")
    assert canonical_global(2, "__builtin__", "xrange") == ("builtins", "range")
    assert canonical_global(4, "__builtin__", "eval") == ("__builtin__", "eval")
