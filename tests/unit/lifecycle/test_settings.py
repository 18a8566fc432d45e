import base64
import dataclasses
from pathlib import Path

import pytest

from lifecycle import settings
from lifecycle.cpus import available_cpus
from lifecycle.errors import SettingsError
from lifecycle.settings import PREFIX, Settings, load

KEY = bytes(range(32))
DOCS = Path(__file__).parents[3] / "docs" / "settings.md"


def given(**values: str) -> dict[str, str]:
    return {PREFIX + name: value for name, value in values.items()}


def problems(**values: str) -> str:
    with pytest.raises(SettingsError) as caught:
        load(given(**values))
    return str(caught.value)


def test_without_any_variable_the_defaults_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = load({})

    assert found == Settings()
    assert (found.host, found.port, found.workers) == ("127.0.0.1", 8000, available_cpus())
    assert found.store == f"file://{tmp_path}/var/store"
    assert found.machine_dir == tmp_path / "var/machine"
    assert found.max_body_bytes == 16 * 1024 * 1024


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("file:///srv/store/", "file:///srv/store"),
        ("/srv/my store", "file:///srv/my store"),
        ("az://account1", "az://account1"),
        ("az://account1/team/flights/", "az://account1/team/flights"),
        ("memory:", "memory:"),
    ],
)
def test_a_store_is_a_folder_or_a_url(text: str, url: str) -> None:
    assert load(given(STORE=text)).store == url


@pytest.mark.parametrize(
    "text", ["s3://bucket", "az://", "az://Account", "file://relative", "file:///", "az://a1b/../x?"]
)
def test_any_other_store_is_refused(text: str) -> None:
    assert "PICKLEFLEET_STORE must be a folder" in problems(STORE=text)


def test_all_problems_are_told_at_once() -> None:
    message = problems(PORT="eighty", THREADS="0", LOG_FORMAT="xml", PROT="1")

    assert "PICKLEFLEET_PORT must be a whole number from 0 to 65535" in message
    assert "PICKLEFLEET_THREADS must be" in message
    assert "PICKLEFLEET_LOG_FORMAT must be one of json, text" in message
    assert "PICKLEFLEET_PROT is no setting. Did you mean PICKLEFLEET_PORT?" in message


@pytest.mark.parametrize(
    ("name", "text"),
    [("MAX_BODY_BYTES", "0"), ("MAX_BODY_BYTES", "16 MB"), ("REQUEST_DEADLINE_S", "nan"), ("AGENT_POLL_S", "0"),
     ("STATSD_HOST", "http://x"), ("TRUSTED_HOSTS", "a b"), ("STORE_ENDPOINT", "ftp://x"), ("WORKERS", "-1"),
     ("STORE_ENDPOINT", "http://user:word@x/"), ("MAX_ROWS", "1e3"), ("PORT", "٨٠"), ("DASK", "127.0.0.1:8786"),  # pragma: allowlist secret
     ("DASK", "http://x:1")],
)  # fmt: skip
def test_a_wrong_value_names_its_variable(name: str, text: str) -> None:
    assert f"{PREFIX}{name} must be" in problems(**{name: text})


def test_a_deadline_longer_than_the_graceful_stop_is_a_contradiction() -> None:
    assert "must be smaller than PICKLEFLEET_GRACEFUL_TIMEOUT_S" in problems(REQUEST_DEADLINE_S="30")


def test_variables_of_others_are_left_alone() -> None:
    assert load({"PORT": "x", "HOME": "/"}) == load({})


def test_an_empty_value_stands_for_the_default() -> None:
    assert load(given(PORT="")).port == 8000


@pytest.mark.parametrize(
    "text", [KEY.hex(), base64.b64encode(KEY).decode(), base64.urlsafe_b64encode(KEY).decode()]
)
def test_a_key_is_read_from_hexadecimal_and_base64(text: str) -> None:
    assert load(given(FLEET_KEY=text)).fleet_key.value == KEY


def test_a_short_key_is_refused_and_never_shown() -> None:
    message = problems(FLEET_KEY="c2hvcnQ=")

    assert "at least 32 random bytes" in message
    assert "c2hvcnQ" not in message


def test_every_setting_can_come_from_a_file_whose_last_newline_is_dropped(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("a secret\n\n")

    assert load(given(STORE_ACCESS_KEY_FILE=str(file))).store_access_key.value == "a secret\n"


def test_a_value_and_its_file_together_are_a_problem(tmp_path: Path) -> None:
    assert "PICKLEFLEET_PORT is given twice" in problems(PORT="1", PORT_FILE=str(tmp_path))


def test_a_file_that_can_not_be_read_is_named(tmp_path: Path) -> None:
    assert f"{tmp_path}/none (FileNotFoundError)" in problems(FLEET_KEY_FILE=f"{tmp_path}/none")


def test_secrets_show_nowhere() -> None:
    mail = {"SMTP_HOST": "mail", "MAIL_FROM": "a@b.org", "MAIL_TO": "a@b.org", "SMTP_USER": "me"}
    environ = given(FLEET_KEY=KEY.hex(), STORE_ACCESS_KEY="open sesame", SMTP_PASSWORD="letmein", **mail)
    shown = f"{load(environ)!r} {load(environ).fleet_key} {settings.describe(environ)}"

    assert "open sesame" not in shown
    assert "letmein" not in shown
    assert KEY.hex() not in shown
    assert repr(KEY) not in shown
    assert shown.count("<SECRET>") == 13  # six in the settings, one printed, six rows


def test_a_command_s_options_stand_above_the_environment() -> None:
    assert load(given(PORT="1"), overrides={"PORT": "2"}).port == 2


def test_each_row_tells_value_and_origin(tmp_path: Path) -> None:
    file = tmp_path / "port"
    file.write_text("81\n")
    rows = {
        row.name: (row.value, row.origin)
        for row in settings.describe(
            given(PORT_FILE=str(file), THREADS="2", TRUSTED_HOSTS="a.example, b.example"),
            overrides={"HOST": "::1"},
        )
    }

    assert rows["PICKLEFLEET_PORT"] == ("81", "PICKLEFLEET_PORT_FILE")
    assert rows["PICKLEFLEET_THREADS"] == ("2", "PICKLEFLEET_THREADS")
    assert rows["PICKLEFLEET_TRUSTED_HOSTS"] == ("a.example,b.example", "PICKLEFLEET_TRUSTED_HOSTS")
    assert rows["PICKLEFLEET_HOST"] == ("::1", "command line")
    assert rows["PICKLEFLEET_LOG_LEVEL"] == ("info", "default")


def test_no_setting_s_name_can_be_mistaken_for_another_s_file() -> None:
    assert not [name for name in settings.declared() if name.endswith("_FILE")]


def test_every_field_is_declared_with_help() -> None:
    declared = settings.declared()

    assert len(declared) == len(dataclasses.fields(Settings))
    assert all(setting.help.endswith(".") for setting in declared.values())


def test_a_child_gets_the_options_and_the_thread_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PICKLEFLEET_PORT_FILE", "/run/port")
    child = settings.environment_for(Settings(omp_threads=2), {"PORT": "81"})

    assert (child["PICKLEFLEET_PORT"], child["OMP_NUM_THREADS"]) == ("81", "2")
    assert "PICKLEFLEET_PORT_FILE" not in child


def test_an_untrusted_child_gets_no_setting_and_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PICKLEFLEET_FLEET_KEY", KEY.hex())
    monkeypatch.setenv("SOME_TOKEN", "x")
    plain = settings.plain_environment()

    assert "PATH" in plain
    assert not {"PICKLEFLEET_FLEET_KEY", "SOME_TOKEN"} & plain.keys()


def test_the_documentation_is_the_code_s() -> None:
    assert DOCS.read_text() == settings.markdown(), "Run: picklefleet settings --markdown > docs/settings.md"


@pytest.mark.parametrize(
    ("values", "required"),
    [
        ({}, False),
        ({"API_KEYS": "on"}, True),
        ({"API_KEYS": "off"}, False),
        ({"HOST": "::"}, True),
        ({"BIND": "127.0.0.1:80"}, False),
        ({"BIND": "unix:/run/web.sock"}, True),
        ({"BIND": "unix:/run/web.sock", "API_KEYS": "off"}, False),
        ({"HOST": "10.0.0.1", "BIND": "unix:/run/web.sock", "API_KEYS": "on"}, True),
    ],
)
def test_keys_are_required_where_others_can_reach_the_service(values: dict[str, str], required: bool) -> None:
    assert load(given(**values)).keys_required is required


def test_keys_can_not_be_off_where_others_can_reach_the_service() -> None:
    assert "PICKLEFLEET_API_KEYS can't be off" in problems(API_KEYS="off", HOST="192.168.0.7")


def test_a_key_can_not_be_given_more_at_once_than_the_edge_proxy_counts() -> None:
    assert "PICKLEFLEET_KEY_BURST can't be more" in problems(KEY_RATE="1", KEY_BURST="1501")
    assert load(given(KEY_RATE="1", KEY_BURST="1500")).key_burst == 1500
    assert load(given(KEY_RATE="0", KEY_BURST="1501")).key_rate == 0


def test_a_replay_is_refused_where_others_can_reach_it():
    assert load({"PICKLEFLEET_REPLAY": "1"}).replay == "1"
    assert load({"PICKLEFLEET_REPLAY": "behind-proxy", "PICKLEFLEET_BIND": "unix:/run/web.sock"})
    with pytest.raises(SettingsError, match="REPLAY"):
        load({"PICKLEFLEET_REPLAY": "1", "PICKLEFLEET_BIND": "unix:/run/web.sock"})
    with pytest.raises(SettingsError, match="write the past anew"):
        load({"PICKLEFLEET_REPLAY": "1", "PICKLEFLEET_HOST": "0.0.0.0"})  # noqa: S104 - what is refused


def test_metrics_are_taken_at_an_address_and_a_port() -> None:
    assert load(given(STATSD_LISTEN="172.31.250.1:8125", STATSD_HOST="a")).statsd_listen == (
        "172.31.250.1",
        8125,
    )
    assert load(given()).statsd_listen is None
    assert "PICKLEFLEET_STATSD_HOST" in problems(STATSD_LISTEN="172.31.250.1:8125")


@pytest.mark.parametrize("text", ["172.31.250.1", ":8125", "a:b", "a:0", "a:70000"])
def test_any_other_place_for_metrics_is_refused(text: str) -> None:
    assert "must be an address and a port" in problems(STATSD_LISTEN=text, STATSD_HOST="a")


@pytest.mark.parametrize(
    ("values", "at_work"),
    [
        ({"WORKERS": "3", "THREADS": "5", "WORKER": "threads"}, 15),
        ({"WORKERS": "3", "THREADS": "5"}, 96),
        ({"WORKERS": "3", "PLACES": "7"}, 21),
    ],
)
def test_how_many_requests_are_at_work_follows_from_how_they_are_answered(
    values: dict[str, str], at_work: int
) -> None:
    assert load(given(**values)).at_work == at_work


def test_the_edge_proxy_leaves_cpus_to_the_web_processes() -> None:
    assert load(given()).edge_threads == max(1, available_cpus() // 2)
    assert load(given(EDGE_THREADS="3")).edge_threads == 3
