output "ids" {
  description = "Role (serving, worker, release, retrain) → identity."
  value       = { for role, identity in azurerm_user_assigned_identity.by_role : role => identity.id }

  # A machine that boots before its rights are granted fails its first fetches.
  depends_on = [
    azurerm_role_assignment.store,
    azurerm_role_assignment.measurements,
    azurerm_role_assignment.pull,
    azurerm_role_assignment.read_secret,
  ]
}

output "client_ids" {
  description = "Role → the id that a process names where a machine has several identities."
  value       = { for role, identity in azurerm_user_assigned_identity.by_role : role => identity.client_id }
}
