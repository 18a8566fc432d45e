from tests.gates import tools

ACCEPTED = {"DL3006", "DL3042"}  # BASE carries tag and digest; pip's cache is off by PIP_NO_CACHE_DIR


def found(file):
    return [line for line in tools.dockerfile(file) if not any(rule in line for rule in ACCEPTED)]


def test_the_dockerfile_is_clean():
    assert found(tools.ROOT / "Dockerfile") == []


def test_a_command_that_swallows_signals_is_caught(tmp_path):
    bad = tmp_path / "Dockerfile"
    bad.write_text("FROM debian:12\nUSER root\nCMD picklefleet serve\n")

    rules = " ".join(found(bad))
    assert "DL3025" in rules
    assert "DL3002" in rules
