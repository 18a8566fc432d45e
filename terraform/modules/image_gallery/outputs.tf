output "gallery_name" {
  description = "The gallery that Packer publishes to."
  value       = azurerm_shared_image_gallery.machines.name
}

output "image_id" {
  description = "The image definition; its versions are `<this>/versions/1.2.3`."
  value       = azurerm_shared_image.machine.id
}
