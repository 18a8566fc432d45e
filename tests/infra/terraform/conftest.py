"""Terraform for real: the provider's schema, plans and applies. Nothing of Azure is reached.

The provider comes from the registry, or from wherever Terraform's own configuration file says.
"""

import os
import shutil

import pytest

from tests.infra.terraform.places import copied


@pytest.fixture(scope="session")
def terraform_environment(tmp_path_factory):
    """The environment of Terraform, with one folder for the provider. Skips where there is none to be had."""
    if shutil.which("terraform") is None:
        pytest.skip("there is no terraform on the PATH (1.11 or newer)")
    tree = copied(tmp_path_factory.mktemp("provider") / "terraform", os.environ)
    done = tree._terraform("traffic", "init", "-backend=false", "-input=false", ok=False)
    if done.returncode != 0:
        pytest.skip(f"Terraform's provider can't be had here: {done.stderr.strip().splitlines()[-1:]}")
    return dict(os.environ)


@pytest.fixture
def tree(tmp_path, terraform_environment):
    return copied(tmp_path / "terraform", terraform_environment)
