resource "azurerm_storage_account" "store" {
  #checkov:skip=CKV2_AZURE_1:Encrypted twice by the platform's keys; a key of one's own adds a way to lose everything
  #checkov:skip=CKV_AZURE_33:There are no queues
  #checkov:skip=CKV_AZURE_36:No other service passes by the rules: everything here has an identity and a private endpoint
  #checkov:skip=CKV_AZURE_206:The variable allows ZRS, GZRS and RAGZRS alone; the check sees only its default

  name                = "${var.name}store"
  resource_group_name = var.resource_group_name
  location            = var.location

  account_kind             = "StorageV2"
  account_tier             = "Standard"
  account_replication_type = var.replication

  shared_access_key_enabled         = false # identities only: there is no key to leak
  default_to_oauth_authentication   = true
  local_user_enabled                = false
  public_network_access_enabled     = false
  allow_nested_items_to_be_public   = false
  cross_tenant_replication_enabled  = false
  allowed_copy_scope                = "AAD"
  https_traffic_only_enabled        = true
  min_tls_version                   = "TLS1_2"
  infrastructure_encryption_enabled = true

  blob_properties {
    versioning_enabled = true

    delete_retention_policy {
      days = var.recover_days
    }

    container_delete_retention_policy {
      days = var.recover_days
    }
  }

  network_rules {
    default_action = "Deny"
    bypass         = ["None"]
  }

  tags = var.tags

  lifecycle {
    prevent_destroy = true
  }
}

resource "azurerm_storage_container" "by_area" {
  #checkov:skip=CKV2_AZURE_21:Machines look for news every few seconds: reads would bury the writes and deletions that are logged

  for_each = local.areas

  name                  = each.key
  storage_account_id    = azurerm_storage_account.store.id
  container_access_type = "private"
}

resource "azurerm_storage_container_immutability_policy" "registry" {
  storage_container_resource_manager_id = azurerm_storage_container.by_area["registry"].id
  immutability_period_in_days           = var.immutable_days
  locked                                = var.immutability_locked
  protected_append_writes_enabled       = false
}

resource "azurerm_storage_management_policy" "ageing" {
  storage_account_id = azurerm_storage_account.store.id

  # The worker deletes records by age itself (`picklefleet log expire`): a policy here would take what it still reads.
  rule {
    name    = "old-records-cost-less"
    enabled = true

    filters {
      blob_types   = ["blockBlob"]
      prefix_match = ["records/"]
    }

    actions {
      base_blob {
        tier_to_cool_after_days_since_modification_greater_than = var.records_cool_after_days
      }
    }
  }

  rule {
    name    = "old-versions-go"
    enabled = true

    filters {
      blob_types = ["blockBlob"]
    }

    actions {
      version {
        delete_after_days_since_creation = var.recover_days
      }
    }
  }
}

resource "azurerm_private_endpoint" "blob" {
  name                = "${var.name}-blob"
  resource_group_name = var.resource_group_name
  location            = var.location
  subnet_id           = var.endpoints_subnet_id
  tags                = var.tags

  private_service_connection {
    name                           = "${var.name}-blob"
    private_connection_resource_id = azurerm_storage_account.store.id
    subresource_names              = ["blob"]
    is_manual_connection           = false
  }

  private_dns_zone_group {
    name                 = "blob"
    private_dns_zone_ids = [var.blob_private_dns_zone_id]
  }
}

resource "azurerm_monitor_diagnostic_setting" "blob" {
  name                       = "audit"
  target_resource_id         = "${azurerm_storage_account.store.id}/blobServices/default"
  log_analytics_workspace_id = var.log_analytics_workspace_id

  enabled_log {
    category = "StorageWrite"
  }

  enabled_log {
    category = "StorageDelete"
  }
}
