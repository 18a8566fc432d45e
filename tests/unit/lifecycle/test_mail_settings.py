"""Settings of the mail: what does not go together is told at start, not at two in the night."""

import pytest

from lifecycle.errors import SettingsError
from lifecycle.settings import load

WHOLE = {"SMTP_HOST": "mail.example.org", "MAIL_FROM": "nights@example.org", "MAIL_TO": "ops@example.org"}


def given(**changes):
    return load({f"PICKLEFLEET_{name}": value for name, value in (WHOLE | changes).items()})


def test_recipients_are_a_list_each_once():
    assert given(MAIL_TO="a@b.org, c@d.org,a@b.org").mail_to == ("a@b.org", "c@d.org")


def test_without_a_server_nothing_is_needed():
    assert load({}).smtp_host == ""


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"SMTP_HOST": ""}, "MAIL_TO needs a server"),
        ({"MAIL_TO": ""}, "needs both"),
        ({"MAIL_FROM": ""}, "needs both"),
        ({"SMTP_SECURITY": "none"}, "in the clear"),
        ({"SMTP_USER": "me"}, "go together"),
        ({"SMTP_PASSWORD": "secret"}, "go together"),
        ({"MAIL_TO": "ops@example.org\nBcc: all@example.org"}, "plain mail addresses"),
        ({"MAIL_TO": "Ops <ops@example.org>"}, "plain mail addresses"),
        ({"MAIL_FROM": "a@b@c"}, "one plain mail address"),
        ({"REPORTS_URL": "javascript:alert(1)"}, "must be a URL"),
        ({"REPORTS_URL": "https://me:secret@example.org/"}, "must be a URL"),
    ],
)
def test_what_can_not_work_is_refused(changes, told):
    with pytest.raises(SettingsError) as refused:
        given(**changes)

    assert told in refused.value.message
    assert "secret" not in refused.value.message.replace("SECRET", "")


def test_a_server_on_this_machine_may_be_spoken_to_in_the_clear():
    assert given(SMTP_HOST="localhost", SMTP_SECURITY="none").smtp_security == "none"
