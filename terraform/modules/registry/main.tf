resource "azurerm_container_registry" "images" {
  #checkov:skip=CKV_AZURE_164:Machines run images by digest and compare it with the release; content trust is deprecated
  #checkov:skip=CKV_AZURE_165:One region: a second one is a second environment
  #checkov:skip=CKV_AZURE_166:Quarantine waits for a scanner that is not part of this; the pipeline audits before it pushes

  name                = "${var.name}images"
  resource_group_name = var.resource_group_name
  location            = var.location
  sku                 = "Premium" # private endpoints, zones and retention are of this tier

  admin_enabled                 = false
  anonymous_pull_enabled        = false
  public_network_access_enabled = length(var.build_prefixes) > 0
  network_rule_bypass_option    = "None"
  zone_redundancy_enabled       = true
  data_endpoint_enabled         = true
  retention_policy_in_days      = 30 # of manifests without a tag: releases name digests and tags

  network_rule_set = [{
    default_action = "Deny"
    ip_rule        = [for prefix in var.build_prefixes : { action = "Allow", ip_range = prefix }]
  }]

  tags = var.tags
}

resource "azurerm_private_endpoint" "registry" {
  name                = "${var.name}-registry"
  resource_group_name = var.resource_group_name
  location            = var.location
  subnet_id           = var.endpoints_subnet_id
  tags                = var.tags

  private_service_connection {
    name                           = "${var.name}-registry"
    private_connection_resource_id = azurerm_container_registry.images.id
    subresource_names              = ["registry"]
    is_manual_connection           = false
  }

  private_dns_zone_group {
    name                 = "registry"
    private_dns_zone_ids = [var.registry_private_dns_zone_id]
  }
}
