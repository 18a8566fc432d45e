"""Whatever a model's columns are called and however many there are: one letter, small, harmless, readable."""

import re
from datetime import date, timedelta
from email import message_from_bytes, policy
from html.parser import HTMLParser

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drift_jobs.mail.letter import as_bytes, message_id
from drift_jobs.mail.letters import missing_letter, night_letter, trial_letter
from drift_jobs.mail.page import page_of
from drift_jobs.mail.rendering import in_place, night_html
from tests.report_builders import bins, broken, finding, performance, report, shifted, snoozed

FROM, TO = "nights@example.org", ("ops@example.org", "team@example.org")
NIGHT = date(2013, 8, 1)
EVIL = (
    "a\r\nBcc: everyone@example.org",
    "b\nSubject: won",
    "<script>alert(1)</script>",
    '"><img src=http://example.org/x.png>',
    "{{ page }}{% raw %}",
    "%s %n {0} ${HOME} `id` $(id)",
    "right\u202eleft",
    "null\x00 bell\x07 \x1b[31mred",
    "  ",
)


def sent(*findings, earlier=(), snoozes=None, **more):
    letter = night_letter(report(*findings, **more), earlier, snoozes or {})
    raw = as_bytes(letter, FROM, TO)
    return letter, raw, message_from_bytes(raw, policy=policy.default)


class Links(HTMLParser):
    """Every address that a page could make a client fetch, and every element."""

    def __init__(self, page):
        super().__init__()
        self.found, self.elements, self.alts = [], set(), []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.elements.add(tag)
        named = dict(attrs)
        self.found += [named[name] for name in ("src", "href", "background", "srcset") if name in named]
        if tag == "img":
            self.alts.append(named.get("alt", ""))


def test_a_letter_has_text_html_and_its_pictures_in_one():
    earlier = [report(finding("delay"), night="2013-07-31")]
    _, raw, message = sent(shifted("delay"), earlier=earlier)
    text, related = message.iter_parts()
    html, *pictures = related.iter_parts()

    assert message.get_content_type() == "multipart/alternative"
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert "delay" in text.get_content()
    cids = {picture["Content-ID"].strip("<>") for picture in pictures}
    assert {f"cid:{cid}" for cid in cids} == set(Links(html.get_content()).found)
    assert all(picture.get_content().startswith(b"\x89PNG") for picture in pictures)
    assert {name.split("-")[0].split(".")[0] for name in cids} == {"column", "heat", "performance"}
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert raw.isascii()


def test_the_first_lines_say_verdict_changes_and_the_next_command():
    letter, _, _ = sent(shifted("delay"), earlier=[report(finding("delay"), night="2013-07-31")])
    first = "\n".join(letter.text.splitlines()[:16])

    assert first.startswith("DRIFT: ")
    assert "New: delay shifted, PSI 0.30." in first
    assert "NEXT: " in first
    assert "picklefleet report show 2013-08-01 --explain" in first


@pytest.mark.parametrize("name", EVIL)
def test_no_name_reaches_a_header_or_becomes_markup(name):
    parts = [shifted(name), broken(name + "2")]
    letter, raw, message = sent(*parts, model=name, earlier=[report(shifted(name), night="2013-07-31")])
    head = raw.split(b"\r\n\r\n")[0]
    page = night_html(page_of(report(*parts, model=name), [], {}), in_place, kept=True)

    names = re.findall(rb"^([A-Za-z-]+):", head, re.MULTILINE)
    assert sorted(names) == sorted(
        [
            b"Subject",
            b"From",
            b"To",
            b"Date",
            b"Message-ID",
            b"Auto-Submitted",
            b"MIME-Version",
            b"Content-Type",
        ]
    )
    assert message["To"] == ", ".join(TO)
    for html in (letter.html, page):
        links = Links(html)
        assert "script" not in links.elements
        assert all(link.startswith(("cid:", "data:image/png;base64,")) for link in links.found)
        assert not re.search("[\u202a-\u202e\u2066-\u2069\x00\x07\x1b]", html)
    assert not re.search("[\u202e\x00\x07\x1b]", letter.text)


def test_a_bin_that_the_report_does_not_name_stays_without_a_name():
    hidden = {
        "reference": [50, 30, 9, 5, 1, 0],
        "current": [10, 10, 90, 5, 1, 0],
        "names": ["EWR", "JFK", None],
    }
    letter, _, _ = sent(shifted("origin"), bins={"origin": hidden})

    assert "Most grew the share of #3" in letter.html


@pytest.mark.parametrize("name", ["gust", "g" * 31, "väderlek → 漢字漢字漢字漢字漢字漢字"])
def test_a_subject_arrives_as_it_was_written(name):
    letter, raw, message = sent(shifted(name), shifted("origin"), model="a model with a name")
    head = raw.split(b"\r\n\r\n")[0]

    assert message["Subject"] == letter.subject
    assert head.startswith(b"Subject: ")
    assert all(len(word) <= 75 for word in re.findall(rb"=\?utf-8\?\S+", head))


NAMES = st.one_of(
    st.text(min_size=1, max_size=80),
    st.sampled_from(EVIL),
    st.text(alphabet="äöü漢字😀ж", min_size=200, max_size=400),
)
FINDINGS = st.builds(
    lambda name, severity, psi, important, missing: finding(
        name, severity, psi=psi, important=important, missing=missing, reasons=["reason " * 9]
    ),
    NAMES,
    st.sampled_from(["ok", "watch", "drift", "severe"]),
    st.floats(0, 9),
    st.booleans(),
    st.floats(0, 1),
)


@settings(deadline=None, max_examples=12, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(FINDINGS, min_size=1, max_size=12),
    st.integers(1, 45),
    st.integers(1, 30),
    st.one_of(st.none(), st.builds(performance, st.floats(0, 1), bad=st.booleans())),
)
def test_every_report_is_a_letter_below_100_kb(findings, times, nights, verdict):
    """Up to 540 columns, a thousand categories each, names of any letters, 30 nights."""
    many = [one | {"name": f"{one['name']}{copy}"} for copy in range(times) for one in findings]
    drawn = {
        one["name"]: bins(index % 2 == 0, [one["name"] + str(n) for n in range(1000)])
        for index, one in enumerate(many)
    }
    told = report(*many, performance=verdict, bins=drawn, model=findings[0]["name"])
    days = [NIGHT - timedelta(days=back) for back in range(nights, 0, -1)]
    letter = night_letter(
        told, [{**told, "night": day.isoformat()} for day in days], snoozed(many[0]["name"])
    )
    raw = as_bytes(letter, FROM, TO)

    assert len(raw) < 100_000
    assert message_from_bytes(raw, policy=policy.default)["Subject"]
    assert letter.html.count("<img") == len(letter.pictures)


def test_where_all_of_it_does_not_fit_pictures_go_first(monkeypatch):
    earlier = [report(shifted("delay"), night=f"2013-07-{day:02}") for day in range(10, 30)]
    tonight = report(shifted("delay"), shifted("origin"))
    whole = night_letter(tonight, earlier, {})
    monkeypatch.setattr("drift_jobs.mail.letters.LIMIT_BYTES", len(as_bytes(whole, FROM, TO)) - 1000)
    smaller = night_letter(tonight, earlier, {})

    assert 0 < len(smaller.pictures) < len(whole.pictures)
    assert "shifted, PSI" in smaller.text


def test_pictures_have_words_for_those_who_do_not_see_them():
    letter, _, _ = sent(shifted("delay"), earlier=[report(finding("delay"), night="2013-07-31")])
    alts = Links(letter.html).alts

    assert "delay, reference against this night. Most grew the share of values from 700 to 8000" in alts[0]
    assert any(alt.startswith("PSI of delay over 2 nights: 0.010 to 0.300; 0.300 this night") for alt in alts)
    assert any(alt.startswith("ROC AUC over 2 nights") for alt in alts)


def test_the_same_night_has_the_same_id_whoever_writes_it():
    one, other = (night_letter(report(shifted(name)), [], {}) for name in ("a", "b"))
    elsewhere = night_letter(report(model="other"), [], {})

    assert message_id(one, FROM) == message_id(other, FROM)
    assert message_id(elsewhere, FROM) != message_id(one, FROM)
    assert message_id(night_letter(report(version="v2"), [], {}), FROM) != message_id(one, FROM)
    assert message_id(one, FROM).endswith("@example.org>")


def test_a_missing_report_is_another_letter():
    letter = missing_letter([date(2013, 8, 2), date(2013, 8, 1)], 6)

    assert letter.subject == "[missing] 2 reports missing: 2013-08-01 and 2013-08-02"
    assert letter.key == "2013-08-02-missing"
    assert "picklefleet work --once 2013-08-01" in letter.text
    assert "picklefleet work --once 2013-08-01" in letter.html


def test_a_test_is_a_letter_too():
    assert b"Subject: [test]" in as_bytes(trial_letter("2013-08-01-test-1"), FROM, TO)


def test_quiet_nights_are_no_news():
    assert not night_letter(report(finding("delay")), [], {}).news
    assert not night_letter(report(shifted("delay")), [], snoozed("delay")).news
    assert night_letter(report(shifted("delay", "severe", 0.9)), [], snoozed("delay")).news
    assert night_letter(report(severity="no-data"), [], {}).news
