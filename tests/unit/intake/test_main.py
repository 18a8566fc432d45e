import json
import pickle

import joblib
import pytest
from click.testing import CliRunner
from sklearn.linear_model import LogisticRegression

from intake.__main__ import main
from tests.honest_models import fitted
from tests.malicious_pickles import call, text


@pytest.fixture
def run(tmp_path):
    def inspect(value: object, *options: str):
        path = tmp_path / "model.pkl"
        if isinstance(value, bytes):
            path.write_bytes(value)
        else:
            joblib.dump(value, path)
        return CliRunner().invoke(main, ["inspect", str(path), *options])

    return inspect


def test_a_servable_model_ends_with_0_and_shows_its_tree(run):
    result = run(fitted("columns")[0])

    assert result.exit_code == 0
    assert "├─ columntransformer: ColumnTransformer  (4 features)" in result.output
    assert "└─ cat: OneHotEncoder  (1 feature)" in result.output
    assert "features       size, weight, kind, open" in result.output
    assert "Verdict: servable" in result.output


def test_a_refused_model_ends_with_1_and_shows_reason_and_fix(run):
    result = run(LogisticRegression())

    assert result.exit_code == 1
    assert "✗ The LogisticRegression was never fitted" in result.output
    assert "→ Call .fit(X, y)" in result.output


def test_a_file_that_is_no_pickle_ends_with_2(run):
    assert run(b"%PDF-1.7").exit_code == 2


def test_a_missing_file_ends_with_2(tmp_path):
    result = CliRunner().invoke(main, ["inspect", str(tmp_path / "nowhere.pkl")])

    assert result.exit_code == 2
    assert "No such file" in result.output


def test_a_malicious_file_is_shown_with_what_it_calls(run):
    result = run(b"\x80\x04" + call("os", "system", text("true")) + b".")

    assert result.exit_code == 1
    assert "called  os:system" in result.output
    assert "do not open it" in result.output


def test_json_tells_the_same(run):
    result = run(fitted("columns")[0], "--json")

    told = json.loads(result.output)
    assert result.exit_code == 0
    assert told["verdict"] == "servable"
    assert told["report"]["feature_names"] == ["size", "weight", "kind", "open"]
    assert told["report"]["estimators"][0]["kind"] == {"module": "sklearn.pipeline", "name": "Pipeline"}


def test_json_of_a_refusal_has_code_message_and_fix(run):
    told = json.loads(run(pickle.dumps("text"), "--json").output)

    assert [finding["code"] for finding in told["findings"]] == ["not-a-model"]
    assert told["findings"][0]["fix"]


def test_allowing_a_global_makes_it_servable(run):
    data = b"\x80\x04cfractions\nFraction\n)\x81}" + text("n_features_in_") + b"K\x03sb."

    assert run(data).exit_code == 1
    assert run(data, "--allow", "fractions:Fraction").exit_code == 0


def test_a_badly_written_allow_is_told_in_one_line(run):
    result = run(b"N.", "--allow", "fractions")

    assert result.exit_code == 3
    assert "--allow module:Name" in result.output


def test_a_name_from_the_file_can_not_steer_the_terminal(run):
    result = run(b"\x80\x04" + text("\x1b[2Jevil") + text("x\x07") + b"\x93.")

    assert "\x1b" not in result.output
    assert "\x07" not in result.output
