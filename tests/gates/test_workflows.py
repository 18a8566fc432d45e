from tests.gates import tools

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
