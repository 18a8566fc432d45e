import pytest
from click.testing import CliRunner

from agent.edge_proxy.admission import EdgeProxy
from picklefleet.edge_command import edge

LISTEN = ("--listen", "127.0.0.1:8080")


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("PICKLEFLEET_EDGE_DIR", str(tmp_path / "edge"))
    return lambda *arguments: CliRunner().invoke(edge, [str(one) for one in arguments])


def test_render_writes_the_files_and_the_first_intent(run, tmp_path):
    result = run("render", "--out", tmp_path / "out", *LISTEN, "--live", "green", "--not-admitted")

    assert result.exit_code == 0
    assert f"lf-file {tmp_path}/out/503.json" in (tmp_path / "out" / "haproxy.cfg").read_text()
    kept = EdgeProxy(tmp_path / "edge").kept()
    assert (kept.admitted, kept.weight("blue"), kept.weight("green")) == (False, 0, 100)


def test_rendering_again_leaves_what_was_switched_since(run, tmp_path):
    run("render", "--out", tmp_path / "out", *LISTEN, "--live", "green")

    result = run("render", "--out", tmp_path / "out", *LISTEN, "--live", "blue")

    assert "At first" not in result.output
    assert EdgeProxy(tmp_path / "edge").kept().weight("green") == 100


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "Nothing to listen on"),
        (["--listen-tls", ":443"], "--certificate"),
        (["--listen-proxied", ":8443"], "--balancer"),
    ],
)
def test_what_can_not_work_is_refused(run, tmp_path, arguments, says):
    result = run("render", "--out", tmp_path / "out", *arguments)

    assert result.exit_code == 2
    assert says in result.output


def test_without_a_proxy_the_error_says_how_to_have_one(run, tmp_path):
    run("render", "--out", tmp_path / "out", *LISTEN)

    result = run("status", "--json")

    assert result.exit_code == 75
    assert "picklefleet edge render" in result.output


def test_without_a_folder_the_error_names_the_setting(run, monkeypatch):
    monkeypatch.delenv("PICKLEFLEET_EDGE_DIR")

    result = run("admit")

    assert result.exit_code == 2
    assert "PICKLEFLEET_EDGE_DIR" in result.output


def test_weights_that_haproxy_would_refuse_are_refused_here(run):
    assert run("weigh", "--blue", "300", "--green", "0").exit_code == 2


class TestTheMachinesOwnStop:
    def test_what_it_took_out_comes_back_after_the_start(self, run, tmp_path):
        run("render", "--out", tmp_path / "out", *LISTEN)
        proxy = EdgeProxy(tmp_path / "edge")

        run("drain", "--stop", "--no-wait")
        assert proxy.kept().admitted is False
        run("admit", "--after-stop")

        assert proxy.kept().admitted is True
        assert proxy.leaving == ""

    def test_what_somebody_else_took_out_stays_out(self, run, tmp_path):
        run("render", "--out", tmp_path / "out", *LISTEN)
        proxy = EdgeProxy(tmp_path / "edge")

        run("drain", "--no-wait")
        why = proxy.leaving
        run("drain", "--stop", "--no-wait")
        run("admit", "--after-stop")

        assert proxy.leaving == why
        assert proxy.kept().admitted is False
