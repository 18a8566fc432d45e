"""Requests asked as one: each is answered to the bit as it is answered alone."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge

from lifecycle.batch import answers_by_rows, joined, parted
from lifecycle.compiled.fast_path import FastPath
from lifecycle.compiled.plan import make_plan
from lifecycle.model import Model
from lifecycle.signature import Feature, Output, Signature
from tests import builders, pipelines

LINEAR = (
    "dense one-hot and logistic regression", "sparse one-hot and logistic regression", "three classes",
    "three classes from a sparse matrix", "scaled once more", "linear discriminants", "linear support vectors", "ridge",
)  # fmt: skip


@pytest.mark.parametrize("name", [*LINEAR, "a forest", "histogram boosting of values"])
@pytest.mark.parametrize("seed", range(4))
def test_requests_of_any_sizes_are_answered_as_each_of_them_alone(name, seed):
    model = planned(pipelines.fitted(name))
    draw = np.random.default_rng(seed)
    sizes = draw.integers(1, [2, 4, 9, 33][seed], 12).tolist()
    requests = [drawn(pipelines.rows_for(model, 300), size, draw) for size in sizes]

    together = parted(model.predict(joined(requests), sum(sizes), sizes=sizes), sizes)

    alone = [model.predict(request, size) for request, size in zip(requests, sizes, strict=True)]
    assert list(together) == alone


@pytest.mark.parametrize("estimator", [LogisticRegression(max_iter=2000), Ridge()])
def test_numbers_that_nothing_prepares_are_answered_as_alone_too(estimator):
    model, table = of_numbers(estimator)
    sizes = [1, 5, 1, 1, 17, 2, 1]
    rows = np.split(table[: sum(sizes)], np.cumsum(sizes)[:-1])
    requests = [columns_of(part) for part in rows]

    together = parted(model.predict(joined(requests), sum(sizes), sizes=sizes), sizes)

    assert list(together) == [model.predict(columns_of(part), len(part)) for part in rows]


def test_a_model_that_looks_at_its_neighbours_is_never_asked_together():
    built = builders.classifier()

    class Neighbours(Model):
        def predict(self, columns, rows, method=None, sizes=None):
            shifted = {**columns, "delay": [float(rows)] * rows}
            return super().predict(shifted, rows, method, sizes)

    model = built.model
    shifted = Neighbours(model.name, model.version, model.digest, model.signature, model.estimator)

    assert not answers_by_rows(shifted, built.golden.columns, built.golden.rows)


def test_trees_and_sums_kept_apart_are_asked_together_and_what_scikit_learn_sums_is_not():
    trees = builders.multi_output_classifier()
    linear, aside = (pipelines.fitted(name) for name in ("three classes", "components"))

    assert answers_by_rows(trees.model, trees.golden.columns, trees.golden.rows)
    assert answers_by_rows(planned(linear), pipelines.rows_for(linear), 40)
    assert not answers_by_rows(planned(aside), pipelines.rows_for(aside), 40)


def planned(model):
    return replace(model, fast=FastPath(make_plan(model.estimator, model.signature)))


def of_numbers(estimator):
    draw = np.random.default_rng(1)
    table = draw.normal(size=(300, 23)) * 10.0 ** draw.integers(-1, 2, 23)
    score = table @ draw.normal(size=23)
    regression = isinstance(estimator, Ridge)
    output = (
        Output("y", "regression")
        if regression
        else Output("y", "classification", (False, True), methods=("predict", "predict_proba"))
    )
    features = tuple(Feature(f"x{index}", "number", "float64") for index in range(23))
    fitted = estimator.fit(table, score if regression else score > 0)
    return planned(Model("m", "v1", "0" * 64, Signature(features, (output,)), fitted)), table


def columns_of(table):
    return {f"x{index}": table[:, index].tolist() for index in range(table.shape[1])}


def drawn(columns, size, draw):
    places = draw.integers(0, len(next(iter(columns.values()))), size)
    return {name: [values[place] for place in places] for name, values in columns.items()}
