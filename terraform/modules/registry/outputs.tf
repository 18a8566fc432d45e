output "id" {
  description = "The registry: the scope of the right to pull."
  value       = azurerm_container_registry.images.id
}

output "login_server" {
  description = "The name that images begin with."
  value       = azurerm_container_registry.images.login_server
}
