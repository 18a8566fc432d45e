"""What every host has, whatever runs on it."""

import pytest

testinfra_hosts = ["ansible://all?sudo=True"]


def test_our_user_may_not_log_in(host):
    user = host.user("picklefleet")

    assert (user.uid, user.gid, user.shell) == (10001, 10001, "/usr/sbin/nologin")
    assert user.password in {"!", "*", "!*"}


def test_nobody_gets_in_by_a_password(host):
    effective = host.check_output("sshd -T").lower().splitlines()

    assert "passwordauthentication no" in effective
    assert "kbdinteractiveauthentication no" in effective
    assert "permitrootlogin without-password" in effective
    assert "x11forwarding no" in effective


def test_the_journal_is_kept_and_bounded(host):
    settings = host.check_output("systemd-analyze cat-config systemd/journald.conf")

    assert "Storage=persistent" in settings
    assert "SystemMaxUse=500M" in settings
    assert host.file("/var/log/journal").is_directory


def test_the_firewall_is_loaded_and_comes_back(host):
    assert host.service("picklefleet-firewall").is_enabled
    assert "169.254.169.254" in host.check_output("nft list table inet picklefleet")


def test_only_root_and_the_agent_reach_the_metadata_service(host):
    assert host.check_output("runuser -u nobody -- python3 -c %s", _CONNECT) == "ConnectionRefusedError"


def test_security_updates_come_by_themselves(host):
    assert host.package("unattended-upgrades").is_installed


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("kernel.kptr_restrict", 2), ("kernel.yama.ptrace_scope", 1), ("fs.protected_fifos", 2), ("vm.swappiness", 1),
        ("net.ipv4.conf.all.accept_redirects", 0), ("net.core.somaxconn", 4096),
    ],
)  # fmt: skip
def test_kernel_parameters(own_kernel, host, name, value):
    assert host.sysctl(name) == value


def test_the_clock_is_kept(own_kernel, host):
    assert host.check_output("timedatectl show --value -p NTP") == "yes"


def test_no_private_file_is_open_to_others(host):
    found = host.check_output("find /etc/picklefleet -type f -perm /o=rwx -not -path %s", "*/graphite/*")

    assert found == ""


_CONNECT = """
import socket
try:
    socket.create_connection(("169.254.169.254", 80), timeout=3)
    print("reached")
except Exception as problem:
    print(type(problem).__name__)
"""
