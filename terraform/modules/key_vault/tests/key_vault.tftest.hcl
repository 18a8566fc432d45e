mock_provider "azurerm" {}

variables {
  name                       = "flights"
  resource_group_name        = "flights"
  location                   = "westeurope"
  tenant_id                  = "00000000-0000-0000-0000-000000000000"
  endpoints_subnet_id        = "/subnets/endpoints"
  vault_private_dns_zone_id  = "/zones/vault"
  log_analytics_workspace_id = "/workspaces/logs"
}

run "the_vault_is_closed" {
  command = plan

  assert {
    condition     = azurerm_key_vault.secrets.public_network_access_enabled == false && azurerm_key_vault.secrets.network_acls[0].default_action == "Deny" && azurerm_key_vault.secrets.network_acls[0].bypass == "None"
    error_message = "The vault is reached through its private endpoint alone."
  }
  assert {
    condition     = azurerm_key_vault.secrets.rbac_authorization_enabled == true
    error_message = "Rights are role assignments, one for each secret and key."
  }
}

run "the_first_apply_is_let_in_by_address" {
  command = plan
  variables {
    setup_prefixes = ["198.51.100.7"]
  }

  assert {
    condition     = azurerm_key_vault.secrets.public_network_access_enabled == true && azurerm_key_vault.secrets.network_acls[0].default_action == "Deny" && toset(azurerm_key_vault.secrets.network_acls[0].ip_rules) == toset(["198.51.100.7"])
    error_message = "Only the named address comes in."
  }
}

run "what_is_deleted_can_be_brought_back" {
  command = plan

  assert {
    condition     = azurerm_key_vault.secrets.purge_protection_enabled == true && azurerm_key_vault.secrets.soft_delete_retention_days == 90
    error_message = "A deleted signing key must not be gone for good."
  }
}

run "signing_keys_stay_in_hardware_and_only_sign" {
  command = plan

  assert {
    condition     = alltrue([for key in azurerm_key_vault_key.signing : key.key_type == "EC-HSM" && key.curve == "P-256" && toset(key.key_opts) == toset(["sign", "verify"])])
    error_message = "ES256 in hardware, for signatures alone."
  }
  assert {
    condition     = toset(keys(azurerm_key_vault_key.signing)) == toset(["registration", "admission"])
    error_message = "Who makes a version can't admit it: two keys."
  }
}

run "a_secret_is_in_no_state" {
  command = plan
  variables {
    secrets         = { fleet-key = "not a real one" }
    secret_versions = { fleet-key = 1 }
  }

  assert {
    condition     = azurerm_key_vault_secret.by_name["fleet-key"].value_wo_version == 1 && azurerm_key_vault_secret.by_name["fleet-key"].value == null
    error_message = "Secrets are written by the write-only argument."
  }
}

run "every_use_is_logged" {
  command = plan

  assert {
    condition     = toset([for log in azurerm_monitor_diagnostic_setting.vault.enabled_log : log.category]) == toset(["AuditEvent"])
    error_message = "The vault's audit log is kept."
  }
}
