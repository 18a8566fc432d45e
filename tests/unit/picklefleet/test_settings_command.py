import json

import pytest
from click.testing import CliRunner

from lifecycle import settings
from lifecycle.errors import SettingsError
from picklefleet.settings_command import settings_command


def test_the_table_shows_value_and_origin() -> None:
    result = CliRunner().invoke(settings_command, env={"PICKLEFLEET_PORT": "8123"})

    assert result.exit_code == 0
    assert "8123  (PICKLEFLEET_PORT)" in result.output


def test_json_holds_every_setting_and_no_secret() -> None:
    result = CliRunner().invoke(settings_command, ["--json"], env={"PICKLEFLEET_STORE_ACCESS_KEY": "sesame"})
    rows = {row["name"]: row for row in json.loads(result.output)}

    assert len(rows) == len(settings.declared())
    assert rows["PICKLEFLEET_STORE_ACCESS_KEY"]["value"] == "<SECRET>"
    assert "sesame" not in result.output


def test_markdown_is_the_documentation_page() -> None:
    assert CliRunner().invoke(settings_command, ["--markdown"]).output == settings.markdown()


def test_wrong_settings_reach_the_edge_as_one_error() -> None:
    result = CliRunner().invoke(settings_command, env={"PICKLEFLEET_PORT": "x"})

    with pytest.raises(SettingsError, match="PICKLEFLEET_PORT"):
        raise result.exception or AssertionError
