import pytest

from lifecycle.listening import beyond_loopback


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "localhost", "LOCALHOST", "::1"])
def test_loopback_addresses_are_this_machines_own(host):
    assert not beyond_loopback(host, "")


@pytest.mark.parametrize(
    "host",
    ["0.0.0.0", "::", "192.168.1.4", "10.0.0.1", "machine", "localhost.example.org", ""],  # noqa: S104 - what is tested
)
def test_every_other_address_is_beyond(host):
    assert beyond_loopback(host, "")


@pytest.mark.parametrize(
    "bind",
    [
        "unix:/run/web.sock",
        "127.0.0.1:8000",
        "[::1]:8000",
        "localhost:80",
        "tcp://127.0.0.1:80",
        "unix:/a,127.0.0.1:1",
    ],
)
def test_a_local_bind_stands_in_place_of_the_host(bind):
    assert not beyond_loopback("0.0.0.0", bind)  # noqa: S104 - what is tested


@pytest.mark.parametrize(
    "bind",
    [":8000", "8000", "0.0.0.0:80", "[::]:80", "fd://3", "unix:/a,0.0.0.0:1", "127.0.0.1:1,", "http://x"],
)
def test_what_can_not_be_told_to_be_local_is_beyond(bind):
    assert beyond_loopback("127.0.0.1", bind)
