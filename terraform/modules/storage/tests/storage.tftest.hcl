mock_provider "azurerm" {
  mock_resource "azurerm_storage_account" {
    defaults = { id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/flights/providers/Microsoft.Storage/storageAccounts/flightsstore" }
  }
}

variables {
  name                       = "flights"
  resource_group_name        = "flights"
  location                   = "westeurope"
  endpoints_subnet_id        = "/subnets/endpoints"
  blob_private_dns_zone_id   = "/zones/blob"
  log_analytics_workspace_id = "/workspaces/logs"
}

run "only_identities_reach_the_store" {
  command = plan

  assert {
    condition     = azurerm_storage_account.store.shared_access_key_enabled == false && azurerm_storage_account.store.local_user_enabled == false && azurerm_storage_account.store.default_to_oauth_authentication == true
    error_message = "There must be no shared key and no local user."
  }
  assert {
    condition     = azurerm_storage_account.store.public_network_access_enabled == false && azurerm_storage_account.store.network_rules[0].default_action == "Deny" && toset(azurerm_storage_account.store.network_rules[0].bypass) == toset(["None"])
    error_message = "The store is reached through its private endpoint alone."
  }
  assert {
    condition     = azurerm_storage_account.store.allow_nested_items_to_be_public == false && alltrue([for container in azurerm_storage_container.by_area : container.container_access_type == "private"])
    error_message = "Nothing in the store is public."
  }
  assert {
    condition     = azurerm_storage_account.store.cross_tenant_replication_enabled == false && azurerm_storage_account.store.allowed_copy_scope == "AAD"
    error_message = "Nothing is copied to other tenants."
  }
}

run "bytes_are_encrypted_on_the_way_and_twice_at_rest" {
  command = plan

  assert {
    condition     = azurerm_storage_account.store.min_tls_version == "TLS1_2" && azurerm_storage_account.store.https_traffic_only_enabled == true
    error_message = "TLS 1.2 is the least."
  }
  assert {
    condition     = azurerm_storage_account.store.infrastructure_encryption_enabled == true
    error_message = "Infrastructure encryption must be on: it can't be switched on later."
  }
}

run "nothing_is_lost_by_a_mistake_or_with_a_zone" {
  command = plan

  assert {
    condition     = azurerm_storage_account.store.account_replication_type == "ZRS"
    error_message = "Three zones hold each byte."
  }
  assert {
    condition     = azurerm_storage_account.store.blob_properties[0].versioning_enabled == true && azurerm_storage_account.store.blob_properties[0].delete_retention_policy[0].days >= 14 && azurerm_storage_account.store.blob_properties[0].container_delete_retention_policy[0].days >= 14
    error_message = "What was overwritten or deleted can be brought back for two weeks at the least."
  }
  assert {
    condition     = azurerm_storage_container_immutability_policy.registry.immutability_period_in_days >= 90 && azurerm_storage_container_immutability_policy.registry.protected_append_writes_enabled == false
    error_message = "A bundle can't be changed for 90 days."
  }
  assert {
    condition     = toset(keys(azurerm_storage_container.by_area)) == toset(["registry", "control", "records", "reports"])
    error_message = "Four areas, four containers."
  }
}

run "old_records_cost_less_and_are_kept" {
  command = plan

  assert {
    condition     = alltrue(flatten([for rule in azurerm_storage_management_policy.ageing.rule : [for part in rule.actions[0].base_blob : part.delete_after_days_since_modification_greater_than == null]]))
    error_message = "Azure must not delete what the worker still counts on."
  }
  assert {
    condition     = azurerm_storage_management_policy.ageing.rule[0].actions[0].base_blob[0].tier_to_cool_after_days_since_modification_greater_than > 90
    error_message = "Retraining reads 90 days: they stay hot."
  }
}

run "who_writes_and_deletes_is_logged" {
  command = plan

  assert {
    condition     = toset([for log in azurerm_monitor_diagnostic_setting.blob.enabled_log : log.category]) == toset(["StorageWrite", "StorageDelete"])
    error_message = "Writes and deletions are audited."
  }
}

run "one_zone_is_not_enough" {
  command = plan
  variables {
    replication = "LRS"
  }
  expect_failures = [var.replication]
}

run "a_week_is_too_short_to_notice" {
  command = plan
  variables {
    recover_days = 7
  }
  expect_failures = [var.recover_days]
}
