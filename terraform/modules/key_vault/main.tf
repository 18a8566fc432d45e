resource "azurerm_key_vault" "secrets" {
  #checkov:skip=CKV_AZURE_189:Only while `setup_prefixes` names an address, before there is a runner inside

  name                = "${var.name}-vault"
  resource_group_name = var.resource_group_name
  location            = var.location
  tenant_id           = var.tenant_id
  sku_name            = "premium" # signing keys live in hardware

  rbac_authorization_enabled    = true
  purge_protection_enabled      = true
  soft_delete_retention_days    = 90
  public_network_access_enabled = length(var.setup_prefixes) > 0

  network_acls {
    default_action = "Deny"
    bypass         = "None"
    ip_rules       = var.setup_prefixes
  }

  tags = var.tags

  lifecycle {
    prevent_destroy = true
  }
}

# Registration says what was made, admission what may serve. Their private halves never leave the vault.
resource "azurerm_key_vault_key" "signing" {
  #checkov:skip=CKV_AZURE_40:An expired key would stop every machine from loading what it serves: keys are rotated and revoked by the trust set

  for_each = toset(["registration", "admission"])

  name         = each.key
  key_vault_id = azurerm_key_vault.secrets.id
  key_type     = "EC-HSM"
  curve        = "P-256"
  key_opts     = ["sign", "verify"]
  tags         = var.tags
}

resource "azurerm_key_vault_secret" "by_name" {
  #checkov:skip=CKV_AZURE_41:An expired fleet key would refuse all feedback: it is rotated with the previous one kept

  for_each = var.secret_versions

  name             = each.key
  key_vault_id     = azurerm_key_vault.secrets.id
  value_wo         = var.secrets[each.key]
  value_wo_version = each.value
  content_type     = "text/plain"
  tags             = var.tags
}

resource "azurerm_private_endpoint" "vault" {
  name                = "${var.name}-vault"
  resource_group_name = var.resource_group_name
  location            = var.location
  subnet_id           = var.endpoints_subnet_id
  tags                = var.tags

  private_service_connection {
    name                           = "${var.name}-vault"
    private_connection_resource_id = azurerm_key_vault.secrets.id
    subresource_names              = ["vault"]
    is_manual_connection           = false
  }

  private_dns_zone_group {
    name                 = "vault"
    private_dns_zone_ids = [var.vault_private_dns_zone_id]
  }
}

resource "azurerm_monitor_diagnostic_setting" "vault" {
  name                       = "audit"
  target_resource_id         = azurerm_key_vault.secrets.id
  log_analytics_workspace_id = var.log_analytics_workspace_id

  enabled_log {
    category = "AuditEvent"
  }
}
