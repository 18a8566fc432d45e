output "account_name" {
  description = "The account: `PICKLEFLEET_STORE` is `az://` and this name."
  value       = azurerm_storage_account.store.name
}

output "account_id" {
  description = "The account's resource."
  value       = azurerm_storage_account.store.id
}

output "container_ids" {
  description = "Area (registry, control, records, reports) → container: the scopes that rights are granted on."
  value       = { for area, container in azurerm_storage_container.by_area : area => container.id }
}
