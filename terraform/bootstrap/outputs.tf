output "backend" {
  description = "For -backend-config, by root: where its state lies. Those of traffic go to `traffic_state` of the environments."
  value = {
    for state in local.states : state => {
      storage_account_name = azurerm_storage_account.state.name
      container_name       = azurerm_storage_container.by_state[state].name
      key                  = "terraform.tfstate"
      container_id         = azurerm_storage_container.by_state[state].id
    }
  }
}

output "client_ids" {
  description = "Pipeline (plan, image, staging, production) → the id that its workflow signs in with. No secret."
  value       = { for name, identity in azurerm_user_assigned_identity.by_pipeline : name => identity.client_id }
}
