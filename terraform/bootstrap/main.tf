resource "azurerm_resource_group" "state" {
  name     = "${var.name}-state"
  location = var.location
  tags     = var.tags
}

resource "azurerm_storage_account" "state" {
  #checkov:skip=CKV2_AZURE_1:Encrypted twice by the platform's keys; a key of one's own adds a way to lose everything
  #checkov:skip=CKV_AZURE_33:There are no queues
  #checkov:skip=CKV_AZURE_36:No other service passes by the rules
  #checkov:skip=CKV2_AZURE_33:It is there before any network is; only the named addresses reach it
  #checkov:skip=CKV_AZURE_59:As above: denied by default, identities only

  name                = "${var.name}state"
  resource_group_name = azurerm_resource_group.state.name
  location            = var.location

  account_kind             = "StorageV2"
  account_tier             = "Standard"
  account_replication_type = "GZRS"

  shared_access_key_enabled         = false
  default_to_oauth_authentication   = true
  local_user_enabled                = false
  allow_nested_items_to_be_public   = false
  cross_tenant_replication_enabled  = false
  https_traffic_only_enabled        = true
  min_tls_version                   = "TLS1_2"
  infrastructure_encryption_enabled = true

  blob_properties {
    versioning_enabled = true

    delete_retention_policy {
      days = 90
    }

    container_delete_retention_policy {
      days = 90
    }
  }

  network_rules {
    default_action = "Deny"
    bypass         = ["None"]
    ip_rules       = var.allowed_prefixes
  }

  tags = var.tags

  lifecycle {
    prevent_destroy = true
  }
}

resource "azurerm_storage_container" "by_state" {
  #checkov:skip=CKV2_AZURE_21:It is there before any workspace is; every version of the state is kept

  for_each = local.states

  name                  = each.key
  storage_account_id    = azurerm_storage_account.state.id
  container_access_type = "private"
}

resource "azurerm_user_assigned_identity" "by_pipeline" {
  for_each = local.pipelines

  name                = "${var.name}-pipeline-${each.key}"
  resource_group_name = azurerm_resource_group.state.name
  location            = var.location
  tags                = var.tags
}

# No long-lived secret: the token of a workflow's run is exchanged for one of Azure's.
resource "azurerm_federated_identity_credential" "by_pipeline" {
  for_each = local.subjects

  name                      = each.key
  user_assigned_identity_id = azurerm_user_assigned_identity.by_pipeline[each.value.pipeline].id
  issuer                    = "https://token.actions.githubusercontent.com"
  audience                  = ["api://AzureADTokenExchange"]
  subject                   = each.value.subject
}

resource "azurerm_role_assignment" "state" {
  for_each = local.state_rights

  scope                = azurerm_storage_container.by_state[each.value.state].id
  principal_id         = azurerm_user_assigned_identity.by_pipeline[each.value.pipeline].principal_id
  principal_type       = "ServicePrincipal"
  role_definition_name = each.value.right
}
