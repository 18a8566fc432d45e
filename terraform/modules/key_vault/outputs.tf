output "id" {
  description = "The vault."
  value       = azurerm_key_vault.secrets.id
}

output "uri" {
  description = "Where the vault answers."
  value       = azurerm_key_vault.secrets.vault_uri
}

output "signing_key_ids" {
  description = "Role (registration, admission) → the key: the scope of the right to sign."
  value       = { for role, key in azurerm_key_vault_key.signing : role => key.resource_versionless_id }
}

output "secret_ids" {
  description = "Name → the secret: the scope of the right to read it."
  value       = { for name, secret in azurerm_key_vault_secret.by_name : name => secret.resource_versionless_id }
}
