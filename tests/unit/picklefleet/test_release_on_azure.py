"""`picklefleet release` where colours are scale sets: real journal, real commands, Azure as its documents have it."""

import json
from dataclasses import asdict

import pytest
from click.testing import CliRunner

from lifecycle import settings as settings_module
from lifecycle.adapters.opening import open_registry
from lifecycle.releases.intent import assigned, first, promoted, shared, smoked
from lifecycle.releases.journal import ReleaseJournal
from lifecycle.releases.release import FORMATS, Release
from lifecycle.signing import create_signing_key, load_trust
from picklefleet.release_command import release
from tests.azure_world import IMAGE, Set, World
from tests.fake_arm import facts, fake_arm

OLD = Release("r1", "image-1", "sklearn-1.9", machine_image=IMAGE + "1.4.0", formats=FORMATS)
NEW = Release("r2", "image-2", "sklearn-1.9", machine_image=IMAGE + "1.5.0", formats=FORMATS)


class Fleet:
    def __init__(self, folder, server, journal, key, environ):
        self.folder, self.server, self.journal, self.environ = folder, server, journal, environ
        self._key = key

    def run(self, *arguments, ok=True):
        done = CliRunner().invoke(release, list(map(str, arguments)), env=self.environ)
        assert not ok or done.exit_code == 0, done.output
        return done

    def append(self, after):
        return self.journal.append(self._key, self.journal.newest(), after, by="tester", reason="test")

    def document(self, one):
        path = self.folder / f"{one.name}.json"
        path.write_text(json.dumps(asdict(one)))
        return path


@pytest.fixture
def fleet(tmp_path):
    own = {"STORE": tmp_path / "store", "MACHINE_DIR": tmp_path / "machine", "KEYS_DIR": tmp_path / "keys"}
    own |= {"AZURE_FLEET": tmp_path / "fleet.json", "LOG_FORMAT": "text", "LOG_LEVEL": "error"}
    environ = {f"PICKLEFLEET_{name}": str(value) for name, value in own.items()}
    settings = settings_module.load(environ)
    key = create_signing_key("admission", settings.keys_dir)
    create_signing_key("registration", settings.keys_dir)
    journal = ReleaseJournal(open_registry(settings).control, load_trust(settings.keys_dir))
    world = World(journal, {"blue": Set(3, OLD.machine_image, OLD.id, autoscaled=True)})
    with fake_arm(world) as server:
        (tmp_path / "fleet.json").write_text(json.dumps(facts(server.url)))
        made = Fleet(tmp_path, server, journal, key, environ | {"PICKLEFLEET_METADATA_URL": server.url})
        made.append(first(OLD, machines=3))
        world.advance()
        yield made


def test_a_plan_prints_who_sees_the_canary_and_asks_azure_for_room(fleet):
    told = fleet.run("plan", fleet.document(NEW)).output

    assert "3 machines of green are raised; 1 of them go first" in told
    assert "25 % of the clients" in told

    fleet.server.quota = 8
    refused = fleet.run("plan", fleet.document(NEW), ok=False)
    assert refused.exit_code == 1
    assert "OBSTACLE: The region's quota leaves 2 of 8 CPUs" in refused.output


def test_a_release_is_assigned_before_its_machines_are_made(fleet):
    fleet.run("assign", fleet.document(NEW))
    now = fleet.journal.newest()

    assert (now.step, now.colours["green"].machines, now.weight("green")) == ("starting", 3, 0)
    told = json.loads(fleet.run("assignments", "--terraform").output)["colours"]
    assert told["green"] == {
        "image": NEW.machine_image,
        "machines": 3,
        "running": 0,
        "live": False,
        "release": NEW.id,
    }
    assert told["blue"]["running"] == 3


def test_the_first_release_says_how_many_machines_there_shall_be(fleet, tmp_path):
    fleet.environ |= {"PICKLEFLEET_STORE": str(tmp_path / "another")}
    refused = fleet.run("assign", fleet.document(OLD), ok=False)
    assert "--machines" in refused.output

    fleet.run("assign", fleet.document(OLD), "--machines", 3)
    told = json.loads(fleet.run("assignments").output)
    assert (told["blue"]["machines"], told["blue"]["live"]) == (3, True)


def test_a_status_tells_what_azure_lacks(fleet):
    fleet.run("assign", fleet.document(NEW))

    assert "NOT IN STEP: There is no scale set green" in fleet.run("status").output
    assert "no scale set green" in json.loads(fleet.run("status", "--json").output)["not_in_step"][0]


def test_a_status_tells_that_the_balancer_disagrees_with_the_journal(fleet):
    warm(fleet)
    fleet.server.world.pool = "green"

    assert "NOT IN STEP: The balancer's rule points at green, not yet at both." in fleet.run("status").output


def warm(fleet):
    fleet.server.world.sets["green"] = Set(3, NEW.machine_image, NEW.id)
    begun = fleet.append(assigned(fleet.journal.newest(), NEW, "walk-1", machines=3))
    fleet.append(promoted(shared(smoked(begun), 50, "half")))


def test_going_back_is_one_entry_and_asks_azure_for_nothing(fleet):
    warm(fleet)
    fleet.server.world.pool = "both"
    asked = len(fleet.server.asked)
    fleet.run("rollback")

    assert fleet.journal.newest().live == "blue"
    assert len(fleet.server.asked) == asked


def test_a_rule_that_somebody_moved_is_moved_back_without_terraform(fleet):
    warm(fleet)
    fleet.server.world.pool = "green"
    told = fleet.run("rollback", "--direct").output

    assert "points at both" in told
    assert fleet.server.world.pool == "both"
    assert fleet.journal.newest().live == "blue"
    assert "nothing to move" in fleet.run("rollback", "--direct").output


def test_nobody_is_promoted_whom_the_rule_does_not_reach(fleet):
    warm(fleet)
    refused = fleet.run("promote", ok=False)

    assert refused.exit_code == 1


def test_an_apply_has_the_claim_to_itself(fleet, tmp_path):
    done = fleet.run(
        "exclusively",
        "--",
        "sh",
        "-c",
        f"ls {tmp_path}/store/control/claims/change > {tmp_path}/seen; exit 7",
        ok=False,
    )

    assert done.exit_code == 7
    assert (tmp_path / "seen").read_text().split() == ["claim-1"]
