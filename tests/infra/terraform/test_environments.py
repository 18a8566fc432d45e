"""Whole environments, applied: a second plan is clean, no secret is in the state, what must stay is protected."""

import json

import pytest

from tests.sweeping import holders, of_file

ENVIRONMENTS = ("staging", "production")
IMAGE = (
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/galleries/m/images/picklefleet/versions/"
)
SECRETS = {
    name: f"hidden-{name}-value" for name in ("fleet-key", "records-key", "tls-certificate", "smtp-password")
}
MARK = "marked-setting-that-is-no-secret"
SETTINGS = {"web": {"TRACE_NAME": MARK}}
PROTECTED = {
    "module.environment.module.image_gallery.azurerm_shared_image.machine",
    "module.environment.module.key_vault.azurerm_key_vault.secrets",
    "module.environment.module.storage.azurerm_storage_account.store",
}


def colour(version, machines, *, live=True, running=None):
    return {
        "image": IMAGE + version, "running_image": IMAGE + (running or version), "machines": machines,
        "running": machines, "live": live, "release": f"r{version}",
    }  # fmt: skip


EMPTY = {"image": "", "machines": 0}


def variables(folder, blue, green=EMPTY):
    file = folder / "fleet.tfvars.json"
    images = {f"{role}_image": IMAGE + "1.4.0" for role in ("worker", "runner", "graphite")}
    given = {"colours": {"blue": blue, "green": green}, "secrets": SECRETS, "settings": SETTINGS, **images}
    file.write_text(json.dumps(given))
    return (f"-var-file={file}", "-var-file=example.tfvars.json")


@pytest.fixture
def local(tree):
    """State in a file beside the root: where it lies is no part of what is tested here."""
    for name in ENVIRONMENTS:
        (tree.root / "environments" / name / "override.tf").write_text(
            'terraform {\n  backend "local" {}\n}\n'
        )
    (tree.root / "traffic" / "override.tf").write_text('terraform {\n  backend "local" {}\n}\n')
    for place in [*(f"environments/{name}" for name in ENVIRONMENTS), "traffic"]:
        tree._terraform(place, "init", "-input=false")
    return tree


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_an_environment_is_built_once_and_holds_no_secret(local, tmp_path, name):
    place = f"environments/{name}"
    given = variables(tmp_path, colour("1.4.0", 6))
    local.run(place, "apply", "-auto-approve", "-input=false", *given)
    again = local.run(place, "plan", "-input=false", "-detailed-exitcode", *given, ok=False)
    state = (local.root / place / "terraform.tfstate").read_bytes()

    assert again.returncode == 0, "a second plan must have nothing to do"
    assert holders("state", state, SECRETS.values()) == []
    assert f"state|base64: {MARK}" in holders("state", state, [MARK]), "the sweep sees no user data"
    assert b"azurerm_linux_virtual_machine_scale_set" in state


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_a_plan_as_it_is_kept_and_as_it_is_shown_holds_no_secret(local, tmp_path, name):
    """Pipelines keep the file and show the document to whoever reviews it. Machines are told settings in Base64."""
    place = f"environments/{name}"
    given = variables(tmp_path, colour("1.4.0", 6))
    local.run(place, "plan", "-input=false", "-out=kept.tfplan", *given)
    shown = local.run(place, "show", "-json", "kept.tfplan").stdout
    kept = local.root / place / "kept.tfplan"

    assert holders("shown", shown.encode(), SECRETS.values()) == []
    assert of_file(kept, SECRETS.values()) == []
    assert holders("shown", shown.encode(), [MARK]), "the sweep sees nothing"
    assert of_file(kept, [MARK]), "the sweep sees nothing"


def test_what_holds_data_is_protected_and_the_rest_can_go(local, tmp_path):
    place = "environments/staging"
    given = variables(tmp_path, colour("1.4.0", 6))
    local.run(place, "apply", "-auto-approve", "-input=false", *given)
    refused = local.run(place, "destroy", "-auto-approve", "-input=false", *given, ok=False)
    for file in local.root.glob("modules/*/main.tf"):
        file.write_text(file.read_text().replace("prevent_destroy = true", "prevent_destroy = false"))
    local.run(place, "destroy", "-auto-approve", "-input=false", *given)

    assert refused.returncode != 0
    assert {word.rstrip(".,") for word in refused.stderr.split()} >= PROTECTED


def test_the_live_colours_image_is_never_changed_in_place(local, tmp_path):
    given = variables(tmp_path, colour("1.5.0", 6, running="1.4.0"))
    refused = local.run("environments/staging", "plan", "-input=false", *given, ok=False)

    assert refused.returncode != 0
    assert "changes only at capacity 0" in " ".join(refused.stderr.split())


def test_a_switch_is_one_update_in_place(local, tmp_path):
    """What the walker checks of a saved plan holds: one rule, updated, not replaced."""
    pools = {name: f"/lb/backendAddressPools/{name}" for name in ("blue", "green", "both")}
    facts = {"loadbalancer_id": "/lb", "probe_id": "/lb/probes/ready", "pool_ids": pools}
    file = tmp_path / "traffic.tfvars.json"
    file.write_text(json.dumps(facts))
    given = ("-input=false", f"-var-file={file}")
    local.run("traffic", "apply", "-auto-approve", *given, "-var=pool=blue")
    local.run("traffic", "plan", *given, "-var=pool=both", "-out=switch.plan")
    changes = json.loads(local.run("traffic", "show", "-json", "switch.plan").stdout)["resource_changes"]

    assert [change["change"]["actions"] for change in changes] == [["update"]]
    assert [pools["both"]] == changes[0]["change"]["after"]["backend_address_pool_ids"]
