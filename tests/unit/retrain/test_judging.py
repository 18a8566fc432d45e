"""The challenger's signature: what it takes is the champion's, with the categories that it knows."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from lifecycle.model import Model
from lifecycle.signature import Output, Signature
from retrain.judging import _signature
from retrain.labelled_rows import LabelledRows
from retrain.slices import slices_of
from tests.builders import category

OUTPUT = Output("y", "classification", (0, 1), 1, ("predict_proba", "predict"))


def challenger(unknown, trained_on):
    values = [trained_on[row % len(trained_on)] for row in range(40)]
    handle = "ignore" if unknown == "accept" else "error"
    pipeline = make_pipeline(OneHotEncoder(handle_unknown=handle), LogisticRegression())
    pipeline.fit(pd.DataFrame({"carrier": pd.Series(values, dtype=object)}), np.arange(40) % 2)
    signature = Signature((category("carrier", ("AA", "B6"), unknown=unknown),), (OUTPUT,))
    rows = LabelledRows({"carrier": values}, ([0] * 40,), [0] * 40, [""] * 40, [""] * 40)
    return _signature(Model("m", "", "", signature, pipeline), rows)


def test_an_open_feature_lists_what_was_trained_on():
    signature, lost = challenger("accept", ("B6", "UA"))

    assert signature.inputs[0].categories == ("B6", "UA")
    assert lost == ()


def test_a_strict_feature_keeps_what_the_champion_takes_and_loses_it_loudly():
    assert challenger("refuse", ("AA", "B6"))[0].inputs[0].categories == ("AA", "B6")
    signature, lost = challenger("refuse", ("AA", "AA"))

    assert signature.inputs[0].categories == ("AA",)
    assert lost == ("carrier 'B6'",)


@pytest.mark.parametrize("dtype", ["category"])
def test_a_pandas_category_keeps_its_order(dtype):
    signature = Signature((replace(category("carrier", ("B6", "AA")), dtype=dtype),), (OUTPUT,))
    rows = LabelledRows({"carrier": ["UA"]}, ([0],), [0], [""], [""])

    assert _signature(Model("m", "", "", signature, None), rows)[0] == signature


def test_slices_are_categories_of_enough_rows_and_never_all_of_them():
    from lifecycle.profile.profile import Profile

    signature = Signature((category("carrier", ("AA", "B6")), category("one", ("x",))), (OUTPUT,))
    columns = {"carrier": ["AA"] * 250 + ["B6"] * 199 + [None] * 300, "one": ["x"] * 749}

    found = {
        (one.feature, one.value): int(one.where.sum())
        for one in slices_of(signature, Profile({}, {}), columns)
    }

    assert found == {("carrier", "AA"): 250, ("carrier", "missing"): 300}
