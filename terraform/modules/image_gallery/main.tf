resource "azurerm_shared_image_gallery" "machines" {
  name                = "${var.name}machines"
  resource_group_name = var.resource_group_name
  location            = var.location
  description         = "Machine images that Packer baked and tested."
  tags                = var.tags

  lifecycle {
    prevent_destroy = true # a repair boots from here
  }
}

resource "azurerm_shared_image" "machine" {
  name                = "picklefleet"
  gallery_name        = azurerm_shared_image_gallery.machines.name
  resource_group_name = var.resource_group_name
  location            = var.location

  os_type                             = "Linux"
  architecture                        = "x64"
  hyper_v_generation                  = "V2"
  trusted_launch_enabled              = true
  accelerated_network_support_enabled = true

  identifier {
    publisher = "picklefleet"
    offer     = "machine"
    sku       = "debian-12"
  }

  tags = var.tags

  lifecycle {
    prevent_destroy = true
  }
}
