import re

import pytest

from tests.gates import pipelines, tools

CARELESS = """
name: careless
on: pull_request_target
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
        with: {ref: "${{ github.event.pull_request.head.sha }}"}
      - run: echo "${{ github.event.pull_request.title }}"
"""


def test_pipelines_are_clean():
    assert tools.tracked(".github/workflows/*.yml")
    assert tools.workflows(tools.ROOT / ".github" / "workflows") == []


def test_a_careless_pipeline_is_caught(tmp_path):
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    (folder / "careless.yml").write_text(CARELESS)

    assert {"dangerous-triggers", "template-injection", "unpinned-uses"} <= set(tools.workflows(folder))


@pytest.fixture(scope="module")
def texts():
    return pipelines.workflows()


class TestWhatZizmorDoesNotKnow:
    def test_no_workflow_asks_for_more_than_its_caller_grants(self, texts):
        assert pipelines.refused_by_github(texts) == []

    def test_one_that_does_is_caught(self, texts):
        less = {name: text.replace("      actions: read\n", "") for name, text in texts.items()}
        spoilt = texts | {"release": less["release"]}

        assert "release.staging calls deploy.assign: actions is read" in pipelines.refused_by_github(spoilt)

    def test_everything_that_is_made_can_be_made(self, texts):
        makefile = (tools.ROOT / "Makefile").read_text()

        assert pipelines.missing_targets(texts, makefile) == set()
        assert pipelines.missing_targets(texts, makefile.replace("\nbake:", "\nbaked:")) == {"bake"}

    def test_every_variable_is_told_in_the_guide(self, texts):
        page = (tools.ROOT / "docs" / "guide" / "pipelines.md").read_text()
        asked = pipelines.variables(texts)

        assert {name for name in asked if f"`{name}`" not in page} == set()
        assert set(re.findall(r"`([A-Z][A-Z_]{3,})`", page)) == asked

    def test_nothing_long_lived_is_used(self, texts):
        assert pipelines.long_lived(texts) == []
        assert pipelines.long_lived({"one": "a: ${{ secrets.TOKEN }}"}) == ["TOKEN"]

    def test_what_signs_in_to_azure_asks_for_a_token_of_its_own(self, texts):
        for (workflow, _), job in pipelines.jobs(texts).items():
            own = not job.calls and "azure/login" in texts[workflow]
            assert not own or job.rights.get("id-token") == "write"


class TestTheWayToProduction:
    def test_a_tested_commit_alone_becomes_an_image_and_a_signed_image_alone_a_machine(self, texts):
        known, image = pipelines.jobs(texts), texts["image"]

        assert "conclusion == 'success'" in image
        assert ("image", "image") in pipelines.before(known, ("image", "machine"))
        built, baked = image.split("\n  machine:\n")
        assert "attest-build-provenance" in built
        assert "attest-sbom" in built
        assert baked.index("gh attestation verify") < baked.index("make bake")

    def test_reviewers_are_asked_before_anything_changes(self, texts):
        known = pipelines.jobs(texts)
        asking = "${{ inputs.environment }}"

        assert known["apply", "apply"].environment == asking
        assert known["walk", "walk"].environment == asking
        assert known["apply", "plan"].environment == asking + "-plan"
        assert known["retrain", "rollout"].environment == "production"

    def test_production_comes_after_staging(self, texts):
        known = pipelines.jobs(texts)

        for workflow in ("infrastructure", "release"):
            assert (workflow, "staging") in pipelines.before(known, (workflow, "production"))

    def test_machines_come_between_an_assignment_and_the_walk(self, texts):
        known = pipelines.jobs(texts)

        assert {("deploy", "assign"), ("deploy", "machines")} <= pipelines.before(known, ("deploy", "walk"))
