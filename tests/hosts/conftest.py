"""Checks of hosts as they are: `make verify-hosts INVENTORY=…`, against live hosts or a machine image under test.

Every module names the inventory's group that it looks at. What needs a kernel of the host's own is skipped, and listed,
where a host is a container.
"""

import pytest


@pytest.fixture
def own_kernel(host):
    if host.run("systemd-detect-virt --container --quiet").rc == 0:
        pytest.skip("this host is a container: kernel parameters are not its own")


@pytest.fixture
def shown(host):
    """A unit's property as systemd has it in force."""
    return lambda unit, name: host.check_output("systemctl show --value -p %s %s", name, unit)


@pytest.fixture
def colours(host):
    """The colours that a release is assigned to on this machine."""
    running = [
        colour
        for colour in ("blue", "green")
        if host.run("systemctl is-active picklefleet@%s", colour).rc == 0
    ]
    if not running:
        pytest.skip("no release is assigned to this machine yet")
    return running
