import re

from tests.gates import tools

_GAP = re.compile(r"\{\{.*?\}\}")


def scripts():
    with_shebang = [file for file in tools.tracked() if file.suffix in {"", ".sh"} and _is_shell(file)]
    return sorted(with_shebang)


def _is_shell(file):
    with file.open("rb") as content:
        first = content.readline()
    return first.startswith(b"#!") and (b"bash" in first or first.rstrip().endswith(b"/sh"))


def _as_rendered(script, folder):
    """A template with a word in each of its gaps."""
    text = script.read_text()
    if not _GAP.search(text):
        return script
    rendered = folder / script.name
    rendered.write_text(_GAP.sub("word", text))
    return rendered


def test_shell_scripts_are_clean(tmp_path):
    assert scripts()
    assert tools.shell([_as_rendered(script, tmp_path) for script in scripts()]) == []


def test_an_unquoted_variable_is_caught(tmp_path):
    script = tmp_path / "bad.sh"
    script.write_text("#!/usr/bin/env bash\nrm -rf $1/*\n")

    assert any("SC2086" in finding for finding in tools.shell([script]))
