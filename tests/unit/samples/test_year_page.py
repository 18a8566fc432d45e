from datetime import date, timedelta

from samples.year_page import BEGIN, END, PAGE, both, by_column, months, write_page


def figure(value, low=None, high=None):
    return {"value": value, "low": value if low is None else low, "high": value if high is None else high}


def report(night, severity="ok", found=(), realised=None, estimated=None):
    features = [{"name": name, "severity": "ok"} for name in ("temp", "hour") if name not in found]
    return {
        "night": night.isoformat(),
        "severity": severity,
        "versions": [
            {
                "drift": {
                    "features": features + [{"name": name, "severity": severity} for name in found],
                    "scores": [],
                },
                "realised": {} if realised is None else {"roc_auc": realised},
                "estimated": None if estimated is None else {"figures": {"roc_auc": estimated}},
            }
        ],
    }


JANUARY = date(2013, 1, 1)


def test_a_month_tells_its_nights_what_was_found_and_how_good_the_estimates_were():
    guess = figure(0.7, 0.6, 0.8)
    reports = [
        report(JANUARY, realised=figure(0.65), estimated=guess),
        report(JANUARY + timedelta(days=1), "severe", ("temp", "hour"), figure(0.55), guess),
        report(JANUARY + timedelta(days=2), "watch", ("temp",), figure(None), guess),
        report(JANUARY + timedelta(days=31)),
    ]

    lines = list(months(reports))

    assert lines[2] == "| January | 3 | 1 | 1 | 0 | 1 | temp 2, hour 1 | 0.600 | 0.700 | 1 of 2 |"
    assert lines[3] == "| February | 1 | 1 | 0 | 0 | 0 | nothing |  |  | 0 of 0 |"


def test_columns_and_scores_are_told_alike():
    one = report(JANUARY, "drift", ("temp",))
    one["versions"][0]["drift"]["scores"] = [{"name": "y:late", "severity": "watch"}]

    assert by_column(one) == {"hour": "ok", "temp": "drift", "y:late": "watch"}
    assert both(one) is None


def test_only_what_lies_between_the_marks_is_written_anew(tmp_path):
    page = tmp_path / PAGE
    page.write_text(f"# A year\n\n{BEGIN}old\n{END}\nWhat it means.\n")

    write_page([report(JANUARY)], tmp_path)
    write_page([report(JANUARY)], tmp_path)

    text = page.read_text()
    assert text.startswith("# A year\n\n" + BEGIN)
    assert text.endswith("|\n" + END + "\nWhat it means.\n")
    assert "old" not in text
    assert text.count("January") == 1
