mock_provider "azurerm" {}

variables {
  name                = "flights"
  resource_group_name = "flights"
  location            = "westeurope"
}

run "machines_boot_trusted" {
  command = plan

  assert {
    condition     = azurerm_shared_image.machine.trusted_launch_enabled == true && azurerm_shared_image.machine.hyper_v_generation == "V2"
    error_message = "Trusted Launch needs a generation 2 image that says so."
  }
  assert {
    condition     = length(azurerm_shared_image_gallery.machines.sharing) == 0
    error_message = "The gallery is shared with nobody."
  }
}
