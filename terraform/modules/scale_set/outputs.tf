output "id" {
  description = "The scale set."
  value       = azurerm_linux_virtual_machine_scale_set.machines.id
}

output "name" {
  description = "Its name."
  value       = azurerm_linux_virtual_machine_scale_set.machines.name
}
