"""Each kind of fitted object has its exact signature, and answers a JSON-shaped row as when called directly."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor, make_column_selector
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    IsolationForest,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingRegressor,
    VotingClassifier,
)
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier, MultiOutputRegressor
from sklearn.naive_bayes import MultinomialNB
from sklearn.neighbors import LocalOutlierFactor
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    OneHotEncoder,
    OrdinalEncoder,
    StandardScaler,
    TargetEncoder,
)
from sklearn.svm import SVC, LinearSVC

from intake.infer import infer_signature
from intake.unwrap import unwrap
from lifecycle.errors import ModelRefusedError, PicklefleetError
from lifecycle.model import Model
from lifecycle.signature import Feature, Output

ROWS = 120
RNG = np.random.default_rng(7)
TABLE = pd.DataFrame(
    {
        "age": np.where(np.arange(ROWS) % 10 == 0, np.nan, RNG.normal(40, 9, ROWS)),
        "fare": RNG.gamma(2, 10, ROWS),
        "port": pd.Series(RNG.choice(["C", "Q", "S"], ROWS), dtype=object),
        "deck": pd.Series(
            np.where(np.arange(ROWS) % 7 == 0, None, RNG.choice(["A", "B"], ROWS)), dtype=object
        ),
        "grade": RNG.choice([1, 2, 3], ROWS),
    }
)
WHOLE = TABLE[["fare", "grade"]].to_numpy()
WORDS = ["late again", "on time", "very late", "right on time"] * 30
YES = np.where(TABLE["fare"] > 20, "yes", "no")
MANY = np.array(["a", "b", "c"])[TABLE["grade"] - 1]
AMOUNT = TABLE["fare"].to_numpy() * 2 + TABLE["grade"].to_numpy()
TWO = np.column_stack([AMOUNT, -AMOUNT])
FLAGS = np.column_stack([TABLE["fare"] > 20, TABLE["grade"] > 1]).astype(int)
PORTS = ("C", "Q", "S")


@dataclass(frozen=True)
class Wish:
    outputs: Sequence[str] = ()
    positive: str | None = None
    threshold: float | None = None


@dataclass(frozen=True)
class Case:
    estimator: Any
    inputs: tuple[Feature, ...]
    outputs: tuple[Output, ...]
    row: dict[str, Any]
    direct: Any
    layout: str = "frame"
    named: bool = True
    sample: pd.DataFrame | None = None
    wish: Wish = field(default_factory=Wish)


def number(name, source="estimator", nullable=False, kind="number", dtype="float64"):
    return Feature(name, kind, dtype, nullable, inferred_from=source)


def category(
    name, categories=PORTS, unknown="accept", nullable=True, missing="nan", source="encoder categories"
):
    return Feature(
        name, "category", "object", nullable, missing, tuple(categories), unknown, inferred_from=source
    )


def text(name="text", source="vectoriser"):
    return Feature(name, "text", "object", nullable=False, inferred_from=source)


def classes(*labels, name="y", methods=("predict_proba", "predict"), **more):
    return Output(name, "classification", labels, methods=methods, **more)


VALUE = (Output("y", "regression"),)
YES_NO = (classes("no", "yes"),)
X0X1 = (number("x0"), number("x1"))
MATRIX = {"row": {"x0": 21.5, "x1": 2}, "direct": np.array([[21.5, 2]]), "layout": "matrix", "named": False}
TEXT = {"row": {"text": "late"}, "direct": ["late"], "layout": "texts"}
FULL = {"age": None, "fare": 12.5, "port": "S"}
FULL_DIRECT = pd.DataFrame({"age": [np.nan], "fare": [12.5], "port": ["S"]})
MIXED_INPUTS = (
    number("age", "imputer", nullable=True),
    number("fare", "imputer", nullable=True),
    category("port"),
)


def one_hot(**options):
    return OneHotEncoder(**({"handle_unknown": "ignore"} | options))


def mixed(final):
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    prepare = ColumnTransformer([("n", numbers, ["age", "fare"]), ("c", one_hot(), ["port"])])
    return make_pipeline(prepare, final)


def on_table(estimator, target=YES, columns=("age", "fare", "port")):
    return estimator.fit(TABLE[list(columns)], target)


def pipeline_of_names():
    return Case(on_table(mixed(LogisticRegression())), MIXED_INPUTS, YES_NO, FULL, FULL_DIRECT)


def pipeline_of_indices_and_slices():
    prepare = ColumnTransformer([("c", one_hot(), [2]), ("n", SimpleImputer(), slice(0, 2))])
    fitted = on_table(make_pipeline(prepare, LogisticRegression()))
    return Case(fitted, MIXED_INPUTS, YES_NO, FULL, FULL_DIRECT)


def pipeline_of_selectors():
    numbers = make_column_selector(dtype_include="number")
    texts = make_column_selector(dtype_include=object)
    prepare = ColumnTransformer([("n", SimpleImputer(), numbers), ("c", one_hot(), texts)])
    fitted = on_table(make_pipeline(prepare, LogisticRegression()))
    return Case(fitted, MIXED_INPUTS, YES_NO, FULL, FULL_DIRECT)


def pipeline_of_a_callable():
    prepare = ColumnTransformer([("c", one_hot(), lambda frame: ["port"])], remainder="passthrough")
    fitted = on_table(
        make_pipeline(prepare, HistGradientBoostingClassifier(max_iter=3)), columns=("fare", "port")
    )
    inputs = (number("fare", "passthrough", nullable=True), category("port"))
    sent = {"fare": 12.5, "port": "S"}
    return Case(fitted, inputs, YES_NO, sent, pd.DataFrame([sent]))


def dropped_columns_are_not_asked_for():
    prepare = ColumnTransformer([("n", StandardScaler(), ["fare"])])
    fitted = on_table(make_pipeline(prepare, LogisticRegression()))
    inputs = (number("fare", "scaler"),)
    return Case(fitted, inputs, YES_NO, {"fare": 12.5}, FULL_DIRECT)


def strict_encoder_refuses_unknown():
    prepare = ColumnTransformer([("c", one_hot(handle_unknown="error"), ["port"])])
    fitted = on_table(make_pipeline(prepare, LogisticRegression()), columns=("port",))
    inputs = (category("port", unknown="refuse", nullable=False),)
    return Case(fitted, inputs, YES_NO, {"port": "Q"}, pd.DataFrame({"port": ["Q"]}))


def encoder_that_knows_none():
    fitted = on_table(make_pipeline(one_hot(handle_unknown="error"), LogisticRegression()), columns=("deck",))
    inputs = (category("deck", ("A", "B"), unknown="refuse", missing="none"),)
    return Case(fitted, inputs, YES_NO, {"deck": None}, pd.DataFrame({"deck": [None]}, dtype=object))


def imputer_before_encoder():
    inner = make_pipeline(
        SimpleImputer(strategy="constant", fill_value="none"), one_hot(handle_unknown="error")
    )
    table = TABLE[["deck"]].where(TABLE["deck"].notna(), np.nan)
    fitted = make_pipeline(ColumnTransformer([("c", inner, ["deck"])]), LogisticRegression()).fit(table, YES)
    inputs = (category("deck", ("A", "B", "none"), unknown="refuse"),)
    return Case(fitted, inputs, YES_NO, {"deck": None}, pd.DataFrame({"deck": [np.nan]}, dtype=object))


def ordinal_encoder():
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    fitted = on_table(make_pipeline(encoder, RandomForestClassifier(3, random_state=0)), columns=("port",))
    return Case(fitted, (category("port"),), YES_NO, {"port": "Z"}, pd.DataFrame({"port": ["Z"]}))


def target_encoder():
    fitted = on_table(make_pipeline(TargetEncoder(random_state=0), Ridge()), AMOUNT, columns=("port",))
    return Case(fitted, (category("port"),), VALUE, {"port": "S"}, pd.DataFrame({"port": ["S"]}))


def numbers_as_categories():
    fitted = on_table(make_pipeline(one_hot(), LogisticRegression()), columns=("grade",))
    return Case(fitted, (category("grade", (1, 2, 3)),), YES_NO, {"grade": 3}, pd.DataFrame({"grade": [3]}))


def gradient_boosting_with_categories():
    model = HistGradientBoostingClassifier(max_iter=3, categorical_features=["port"])
    fitted = on_table(model)
    inputs = (
        number("age", "function", nullable=True),
        number("fare", "function", nullable=True),
        category("port"),
    )
    return Case(fitted, inputs, YES_NO, FULL, FULL_DIRECT)


def forest_on_an_array():
    fitted = RandomForestClassifier(3, random_state=0).fit(WHOLE, MANY)
    inputs = (number("x0", nullable=True), number("x1", nullable=True))
    return Case(fitted, inputs, (classes("a", "b", "c"),), **MATRIX)


def regressor_on_an_array():
    return Case(LinearRegression().fit(WHOLE, AMOUNT), X0X1, VALUE, **MATRIX)


def array_with_names_from_a_sample():
    sample = pd.DataFrame({"fare": ["1.5", "2.5"], "grade": ["1", "2"]})
    inputs = (number("fare"), number("grade", "sample", kind="integer", dtype="int64"))
    sent = {"fare": 21.5, "grade": 2}
    fitted = LinearRegression().fit(WHOLE, AMOUNT)
    return Case(fitted, inputs, VALUE, sent, np.array([[21.5, 2]]), layout="matrix", sample=sample)


def array_with_names_beside_it():
    fitted = LinearRegression().fit(WHOLE, AMOUNT)
    bundle = {"model": fitted, "features": ["fare", "grade"]}
    inputs = (number("fare"), number("grade"))
    return Case(bundle, inputs, VALUE, {"fare": 21.5, "grade": 2}, np.array([[21.5, 2]]), layout="matrix")


def sample_completes_a_table():
    """Integers with a missing value stay nullable integers; booleans and dates become what they are."""
    table = TABLE[["age", "grade"]].assign(grade=TABLE["grade"].astype(float), member=TABLE["fare"] > 20)
    fitted = make_pipeline(SimpleImputer(), LogisticRegression()).fit(table.astype(float), YES)
    sample = pd.DataFrame(
        {"age": ["40.5", None], "grade": [None, "2"], "member": ["True", "false"], "id": ["7", "8"]}
    )
    inputs = (
        number("age", "imputer", nullable=True),
        number("grade", "sample", nullable=True, kind="integer", dtype="int64"),
        number("member", "sample", nullable=True, kind="boolean", dtype="bool"),
    )
    sent = {"age": 40.5, "grade": None, "member": True}
    direct = pd.DataFrame({"age": [40.5], "grade": [np.nan], "member": [1.0]})
    return Case(fitted, inputs, YES_NO, sent, direct, sample=sample)


def hour_of(frame):
    return frame.apply(lambda column: column.dt.hour)


def dates_behind_a_custom_function():
    table = pd.DataFrame({"at": pd.date_range("2026-01-01", periods=ROWS, freq="7h")})
    fitted = make_pipeline(FunctionTransformer(hour_of), LinearRegression()).fit(table, AMOUNT)
    sample = pd.DataFrame({"at": ["2026-01-31T08:00:00", "2026-01-31"]})
    inputs = (number("at", "sample", kind="datetime", dtype="datetime64[ns]"),)
    direct = pd.DataFrame({"at": pd.to_datetime(["2026-01-31T09:30:00"])})
    return Case(fitted, inputs, VALUE, {"at": "2026-01-31T09:30:00"}, direct, sample=sample)


def month_of_text(frame):
    return frame["at"].str[5:7].astype(float).to_frame()


def dates_that_the_model_takes_as_texts():
    table = pd.DataFrame({"at": [f"2026-{1 + row % 12:02}-01" for row in range(ROWS)]})
    fitted = make_pipeline(FunctionTransformer(month_of_text), LinearRegression()).fit(table, AMOUNT)
    sample = pd.DataFrame({"at": ["2026-01-31", "2026-03-31"]})
    direct = pd.DataFrame({"at": ["2026-05-31"]})
    return Case(fitted, (text("at", "sample"),), VALUE, {"at": "2026-05-31"}, direct, sample=sample)


class Coded(TransformerMixin, BaseEstimator):
    """A team's own transformer: it tells nothing about what it takes."""

    def fit(self, X, y=None):
        self.codes_ = {"C": 0.0, "Q": 1.0, "S": 2.0}
        return self

    def transform(self, X):
        return np.array([[self.codes_[value]] for value in X["port"]])


def categories_behind_a_custom_transformer():
    fitted = on_table(make_pipeline(Coded(), LinearRegression()), AMOUNT, columns=("port",))
    sample = pd.DataFrame({"port": ["C", "Q", "S", "C", "Q", "S"]})
    inputs = (category("port", unknown="refuse", nullable=False, source="sample"),)
    return Case(
        fitted,
        inputs,
        VALUE,
        {"port": "Q"},
        pd.DataFrame({"port": ["Q"]}),
        named=True,
        sample=sample,
        layout="frame",
    )


def text_pipeline():
    fitted = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(WORDS, YES)
    return Case(fitted, (text(),), YES_NO, **TEXT)


def union_of_vectorisers():
    union = FeatureUnion([("words", CountVectorizer()), ("letters", CountVectorizer(analyzer="char"))])
    return Case(make_pipeline(union, MultinomialNB()).fit(WORDS, YES), (text(),), YES_NO, **TEXT)


def text_beside_numbers():
    table = TABLE[["fare"]].assign(note=WORDS)
    prepare = ColumnTransformer([("t", TfidfVectorizer(), "note"), ("n", "passthrough", ["fare"])])
    fitted = make_pipeline(prepare, LogisticRegression(max_iter=1000)).fit(table, YES)
    sent = {"fare": 12.5, "note": "late"}
    return Case(fitted, (number("fare", "passthrough"), text("note")), YES_NO, sent, pd.DataFrame([sent]))


def grid_search():
    search = GridSearchCV(mixed(LogisticRegression()), {"logisticregression__C": [0.1, 1]}, cv=2)
    return Case(on_table(search), MIXED_INPUTS, YES_NO, FULL, FULL_DIRECT)


def calibrated():
    return Case(
        on_table(CalibratedClassifierCV(mixed(LinearSVC()), cv=2)), MIXED_INPUTS, YES_NO, FULL, FULL_DIRECT
    )


def transformed_target():
    fitted = on_table(
        TransformedTargetRegressor(mixed(Ridge()), func=np.log1p, inverse_func=np.expm1), AMOUNT
    )
    return Case(fitted, MIXED_INPUTS, VALUE, FULL, FULL_DIRECT)


def soft_voting():
    voting = VotingClassifier(
        [("a", mixed(LogisticRegression())), ("b", mixed(LogisticRegression(C=0.1)))], voting="soft"
    )
    return Case(on_table(voting), MIXED_INPUTS, YES_NO, FULL, FULL_DIRECT)


def hard_voting_has_labels_only():
    fitted = VotingClassifier([("a", LogisticRegression()), ("b", LinearSVC())]).fit(WHOLE, YES)
    return Case(fitted, X0X1, (classes("no", "yes", methods=("predict",)),), **MATRIX)


def stacking():
    fitted = on_table(StackingRegressor([("a", mixed(Ridge()))], cv=2), AMOUNT)
    return Case(fitted, MIXED_INPUTS, VALUE, FULL, FULL_DIRECT)


def scores_without_probabilities():
    outputs = (classes("a", "b", "c", methods=("decision_function", "predict")),)
    return Case(SVC().fit(WHOLE, MANY), X0X1, outputs, **MATRIX)


def booleans_as_labels():
    outputs = (classes(False, True),)
    return Case(LogisticRegression().fit(WHOLE, TABLE["fare"] > 20), X0X1, outputs, **MATRIX)


def positive_label_and_threshold():
    outputs = (classes(0, 1, positive=1),)
    fitted = LogisticRegression().fit(WHOLE, FLAGS[:, 0])
    return Case(fitted, X0X1, outputs, wish=Wish(positive="1"), **MATRIX)


def several_numbers():
    outputs = (Output("gain", "regression"), Output("loss", "regression"))
    fitted = RandomForestRegressor(3, random_state=0).fit(WHOLE, TWO)
    inputs = (number("x0", nullable=True), number("x1", nullable=True))
    return Case(fitted, inputs, outputs, wish=Wish(outputs=("gain", "loss")), **MATRIX)


def several_regressors():
    outputs = (Output("y0", "regression"), Output("y1", "regression"))
    return Case(on_table(MultiOutputRegressor(mixed(Ridge())), TWO), MIXED_INPUTS, outputs, FULL, FULL_DIRECT)


def several_classes():
    outputs = (classes("no", "yes", name="y0"), classes("a", "b", "c", name="y1"))
    fitted = MultiOutputClassifier(LogisticRegression()).fit(WHOLE, np.column_stack([YES, MANY]))
    return Case(fitted, X0X1, outputs, **MATRIX)


def chain_of_classifiers():
    outputs = (classes(0, 1, name="y0"), classes(0, 1, name="y1"))
    return Case(ClassifierChain(LogisticRegression()).fit(WHOLE, FLAGS), X0X1, outputs, **MATRIX)


def several_labels_at_once():
    outputs = (classes(0, 1, name="y0"), classes(0, 1, name="y1"))
    return Case(OneVsRestClassifier(LogisticRegression()).fit(WHOLE, FLAGS), X0X1, outputs, **MATRIX)


def clusters():
    outputs = (classes(0, 1, 2, methods=("predict",)),)
    return Case(KMeans(3, n_init=1, random_state=0).fit(WHOLE), X0X1, outputs, **MATRIX)


def outliers():
    fitted = IsolationForest(n_estimators=5, random_state=0).fit(WHOLE)
    inputs = (number("x0", nullable=True), number("x1", nullable=True))
    outputs = (classes(-1, 1, methods=("decision_function", "predict")),)
    return Case(fitted, inputs, outputs, **MATRIX)


def outliers_behind_a_scaler():
    fitted = make_pipeline(StandardScaler(), LocalOutlierFactor(novelty=True)).fit(WHOLE)
    outputs = (classes(-1, 1, methods=("decision_function", "predict")),)
    return Case(fitted, (number("x0", "scaler"), number("x1", "scaler")), outputs, **MATRIX)


def mixture_behind_a_scaler():
    fitted = make_pipeline(StandardScaler(), GaussianMixture(2, random_state=0)).fit(WHOLE)
    return Case(fitted, (number("x0", "scaler"), number("x1", "scaler")), (classes(0, 1),), **MATRIX)


def transformer_only():
    fitted = make_pipeline(StandardScaler(), PCA(1)).fit(WHOLE)
    inputs = (number("x0", "scaler"), number("x1", "scaler"))
    return Case(fitted, inputs, (Output("y", "transform", methods=("transform",)),), **MATRIX)


def tuple_of_model_and_names():
    fitted = Pipeline([("scale", StandardScaler()), ("model", Ridge())]).fit(WHOLE, AMOUNT)
    inputs = (number("fare", "scaler"), number("grade", "scaler"))
    sent = {"fare": 21.5, "grade": 2}
    return Case((fitted, ["fare", "grade"]), inputs, VALUE, sent, np.array([[21.5, 2]]), layout="matrix")


CASES = [
    pipeline_of_names, pipeline_of_indices_and_slices, pipeline_of_selectors, pipeline_of_a_callable,
    dropped_columns_are_not_asked_for, strict_encoder_refuses_unknown, encoder_that_knows_none,
    imputer_before_encoder, ordinal_encoder, target_encoder, numbers_as_categories,
    gradient_boosting_with_categories, forest_on_an_array, regressor_on_an_array, array_with_names_from_a_sample,
    array_with_names_beside_it, sample_completes_a_table, dates_behind_a_custom_function,
    dates_that_the_model_takes_as_texts, categories_behind_a_custom_transformer, text_pipeline,
    union_of_vectorisers, text_beside_numbers, grid_search, calibrated, transformed_target, soft_voting,
    hard_voting_has_labels_only, stacking, scores_without_probabilities, booleans_as_labels,
    positive_label_and_threshold, several_numbers, several_regressors, several_classes, chain_of_classifiers,
    several_labels_at_once, clusters, outliers, outliers_behind_a_scaler, mixture_behind_a_scaler, transformer_only, tuple_of_model_and_names,
]  # fmt: skip


def infer(loaded, sample=None, wish=None):
    return infer_signature(unwrap(loaded), sample, wish or Wish())


@pytest.mark.parametrize("make", CASES, ids=lambda make: make.__name__)
@pytest.mark.filterwarnings("ignore")
def test_a_fitted_object_has_its_signature_and_answers_as_when_called_directly(make):
    case = make()

    signature = infer(case.estimator, case.sample, case.wish)

    assert signature.inputs == case.inputs
    assert signature.outputs == case.outputs
    assert (signature.layout, signature.named) == (case.layout, case.named)
    assert_answers_as_directly(case, signature)


def assert_answers_as_directly(case, signature):
    estimator = unwrap(case.estimator).estimator
    sent = json.loads(json.dumps(case.row))
    answers = (
        Model("m", "v", "", signature, estimator)
        .predict({name: [sent[name]] for name in signature.names}, 1)
        .answers
    )
    method = "transform" if signature.outputs[0].task == "transform" else "predict"
    expected = np.asarray(getattr(estimator, method)(case.direct))
    if signature.outputs[0].task == "classification":
        assert [answer.labels[0] for answer in answers] == pytest.approx(expected.reshape(-1).tolist())
    else:
        assert np.ravel([answer.values for answer in answers]).tolist() == expected.ravel().tolist()
    if "predict_proba" in signature.outputs[0].methods and len(answers) == 1:
        assert answers[0].probabilities == estimator.predict_proba(case.direct).tolist()


def test_a_sample_without_a_column_of_the_model_is_refused_with_the_likely_one():
    sample = pd.DataFrame({"age": ["1"], "Fare": ["2"], "port": ["S"]})

    with pytest.raises(
        PicklefleetError, match=r"no column 'fare' \(it has 'Fare'\); the model takes age, fare, port"
    ):
        infer(on_table(mixed(LogisticRegression())), sample)


def test_a_sample_of_another_width_is_refused_for_a_model_without_names():
    sample = pd.DataFrame({"a": ["1"], "b": ["2"], "target": ["3"]})

    with pytest.raises(
        PicklefleetError, match=r"takes 2 columns and knows no names; the sample has 3: a, b, target"
    ):
        infer(LinearRegression().fit(WHOLE, AMOUNT), sample)


def test_a_sample_with_texts_for_numbers_is_refused_by_row_and_column():
    sample = pd.DataFrame({"age": ["1", "NA"], "fare": ["2", "x"], "port": ["S", "NA"]})

    with pytest.raises(PicklefleetError, match=r"row 2, column 'age': not a number; row 2, column 'fare'"):
        infer(on_table(mixed(LogisticRegression())), sample)


def test_a_model_that_answers_no_plausible_row_asks_for_a_sample():
    table = pd.DataFrame({"at": pd.date_range("2026-01-01", periods=ROWS, freq="7h")})
    fitted = make_pipeline(FunctionTransformer(hour_of), LinearRegression()).fit(table, AMOUNT)

    with pytest.raises(
        ModelRefusedError, match=r"does not answer a plausible row: AttributeError: .* Give --sample"
    ):
        infer(fitted)


@pytest.mark.filterwarnings("ignore")
def test_columns_of_the_sample_that_a_custom_step_never_reads_are_not_asked_for():
    fitted = on_table(make_pipeline(Coded(), StandardScaler(), LinearRegression()), AMOUNT, columns=("port",))
    sample = pd.DataFrame({"id": ["7", "8"] * 3, "port": ["C", "Q", "S"] * 2, "target": ["1.5", "2.5"] * 3})

    assert infer(fitted, sample).names == ("port",)


def test_names_beside_the_model_must_be_as_many_as_its_columns():
    with pytest.raises(ModelRefusedError, match="names beside the model are 3; the model takes 2 columns"):
        infer({"model": LinearRegression().fit(WHOLE, AMOUNT), "features": ["a", "b", "c"]})


def test_a_model_that_tells_nothing_of_its_columns_asks_for_a_sample():
    fitted = on_table(make_pipeline(Coded(), LinearRegression()), AMOUNT, columns=("port",))

    with pytest.raises(ModelRefusedError, match=r"does not tell which columns it takes. Give --sample"):
        infer(fitted)


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        (Wish(positive="maybe"), "no label 'maybe'. Choose one of: no, yes"),
        (Wish(threshold=0.3), "Add --positive"),
        (Wish(positive="yes", threshold=1.5), "between 0 and 1"),
        (Wish(outputs=("a", "b")), "answers 1 outputs; --outputs names 2"),
    ],
)
def test_a_wish_that_the_model_can_not_fulfil_is_refused(wish, message):
    with pytest.raises(ModelRefusedError, match=message):
        infer(LogisticRegression().fit(WHOLE, YES), wish=wish)


def test_a_threshold_needs_probabilities():
    with pytest.raises(ModelRefusedError, match="two labels and probabilities"):
        infer(SVC().fit(WHOLE, YES), wish=Wish(positive="yes", threshold=0.3))


def test_a_threshold_is_kept_with_its_label():
    output = infer(LogisticRegression().fit(WHOLE, YES), wish=Wish(positive='"yes"', threshold=0.3)).outputs[
        0
    ]

    assert (output.positive, output.threshold) == ("yes", 0.3)
