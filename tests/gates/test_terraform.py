import shutil

from tests.gates import tools

OPEN_STORE = """
resource "azurerm_storage_account" "open" {
  name                            = "open"
  resource_group_name             = "g"
  location                        = "westeurope"
  account_tier                    = "Standard"
  account_replication_type        = "LRS"
  allow_nested_items_to_be_public = true
}
"""


def test_terraform_is_clean(tmp_path):
    shutil.copytree(
        tools.ROOT / "terraform", tmp_path / "terraform", ignore=shutil.ignore_patterns(".terraform*")
    )

    assert tools.terraform(tmp_path / "terraform") == []


def test_a_store_that_is_open_to_all_is_caught(tmp_path):
    (tmp_path / "main.tf").write_text(OPEN_STORE)

    assert any(finding.startswith("CKV_AZURE_190") for finding in tools.terraform(tmp_path))


def test_a_file_that_can_not_be_read_is_caught(tmp_path):
    (tmp_path / "good.tf").write_text(OPEN_STORE)
    (tmp_path / "broken.tf").write_text('resource "azurerm_storage_account" "half" {\n')

    assert "a file can't be parsed" in tools.terraform(tmp_path)
