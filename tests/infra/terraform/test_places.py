"""Every root and every module: formatted, understood by the provider, and tested by its own tests."""

import re

import pytest

from tests.infra.terraform.places import PLACES, SOURCE

UNTESTED = {
    "environments/staging",
    "environments/production",
}  # one call of a module each: test_environments.py


def test_every_file_is_formatted(tree):
    tree._terraform(".", "fmt", "-check", "-recursive")


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_the_provider_understands_it(tree, place):
    assert "valid" in tree.run(place, "validate").stdout


@pytest.mark.parametrize("place", [place for place in PLACES if str(place) not in UNTESTED], ids=str)
def test_its_own_tests_pass(tree, place):
    """A place without tests says "0 passed": that is a failure here."""
    summary = tree.run(place, "test").stdout.strip().splitlines()[-1]

    assert summary.startswith("Success!")
    assert not summary.startswith("Success! 0 passed")


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_every_variable_and_output_is_described(place):
    for name in ("variables.tf", "outputs.tf"):
        file = SOURCE / place / name
        text = file.read_text() if file.exists() else ""
        blocks = (
            text.count('\nvariable "') + text.count('\noutput "') + text.startswith(("variable", "output"))
        )

        assert blocks == text.count("\n  description = "), f"{place}/{name}: a description is missing"


def test_every_modules_example_is_understood(tree):
    """All of them in one root, as somebody would write it who takes them."""
    modules = sorted(place.name for place in PLACES if place.parent.name == "modules")
    examples = [
        re.findall(r"```hcl\n(.*?)```", (SOURCE / "modules" / name / "README.md").read_text(), re.DOTALL)
        for name in modules
    ]
    root = tree.root / "examples"
    root.mkdir()
    text = "\n".join(example for (example,) in examples)
    (root / "main.tf").write_text('provider "azurerm" {\n  features {}\n}\n\n' + text)

    assert "valid" in tree.run("examples", "validate").stdout
    (root / "main.tf").write_text(text.replace("  subnet_id ", "  subnet_name "))
    assert tree.run("examples", "validate", ok=False).returncode != 0
