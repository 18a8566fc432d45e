resource "azurerm_resource_group" "fleet" {
  name     = var.name
  location = var.location
  tags     = local.tags
}

module "capacity" {
  source = "../capacity"

  peak_requests_per_s    = var.peak_requests_per_s
  machine_requests_per_s = var.machine_requests_per_s
  zones                  = length(var.zones)
}

module "traffic_plan" {
  source = "../traffic_plan"

  colours = var.colours
}

module "network" {
  source = "../network"

  name                = var.name
  resource_group_name = azurerm_resource_group.fleet.name
  location            = var.location
  tags                = local.tags
  client_prefixes     = var.client_prefixes
  mail_relay_prefixes = var.mail_relay_prefixes
  zones               = var.zones
}

module "monitoring" {
  source = "../monitoring"

  name                = var.name
  resource_group_name = azurerm_resource_group.fleet.name
  resource_group_id   = azurerm_resource_group.fleet.id
  location            = var.location
  tags                = local.tags
  alert_emails        = var.alert_emails
  monthly_budget      = var.monthly_budget
  budget_from         = var.budget_from
}

module "storage" {
  source = "../storage"

  name                       = var.name
  resource_group_name        = azurerm_resource_group.fleet.name
  location                   = var.location
  tags                       = local.tags
  endpoints_subnet_id        = module.network.subnet_ids["endpoints"]
  blob_private_dns_zone_id   = module.network.private_dns_zone_ids["blob"]
  log_analytics_workspace_id = module.monitoring.log_analytics_workspace_id
  replication                = var.replication
  immutability_locked        = var.immutability_locked
}

module "registry" {
  source = "../registry"

  name                         = var.name
  resource_group_name          = azurerm_resource_group.fleet.name
  location                     = var.location
  tags                         = local.tags
  endpoints_subnet_id          = module.network.subnet_ids["endpoints"]
  registry_private_dns_zone_id = module.network.private_dns_zone_ids["registry"]
  build_prefixes               = var.build_prefixes
}

module "image_gallery" {
  source = "../image_gallery"

  name                = var.name
  resource_group_name = azurerm_resource_group.fleet.name
  location            = var.location
  tags                = local.tags
}

module "key_vault" {
  source = "../key_vault"

  name                       = var.name
  resource_group_name        = azurerm_resource_group.fleet.name
  location                   = var.location
  tags                       = local.tags
  tenant_id                  = var.tenant_id
  endpoints_subnet_id        = module.network.subnet_ids["endpoints"]
  vault_private_dns_zone_id  = module.network.private_dns_zone_ids["vault"]
  log_analytics_workspace_id = module.monitoring.log_analytics_workspace_id
  setup_prefixes             = var.setup_prefixes
  secrets                    = var.secrets
  secret_versions            = var.secret_versions
}

module "identity" {
  source = "../identity"

  name                    = var.name
  resource_group_name     = azurerm_resource_group.fleet.name
  resource_group_id       = azurerm_resource_group.fleet.id
  location                = var.location
  tags                    = local.tags
  container_ids           = module.storage.container_ids
  container_registry_id   = module.registry.id
  signing_key_ids         = module.key_vault.signing_key_ids
  secret_ids              = module.key_vault.secret_ids
  secret_readers          = local.secret_readers
  application_insights_id = module.monitoring.application_insights_id
  traffic_state_id        = var.traffic_state == null ? "" : var.traffic_state.container_id
}

module "load_balancer" {
  source = "../load_balancer"

  name                = var.name
  resource_group_name = azurerm_resource_group.fleet.name
  location            = var.location
  tags                = local.tags
  public              = var.public
  subnet_id           = module.network.subnet_ids["serving"]
  zones               = var.zones
}

module "colour" {
  source   = "../scale_set"
  for_each = local.colours

  name                    = var.name
  resource_group_name     = azurerm_resource_group.fleet.name
  location                = var.location
  tags                    = local.tags
  role                    = each.key
  release                 = each.value.release
  image_id                = module.traffic_plan.images[each.key]
  instances               = module.traffic_plan.machines[each.key]
  sku                     = var.sku
  zones                   = var.zones
  subnet_id               = module.network.subnet_ids["serving"]
  pool_ids                = [module.load_balancer.pool_ids[each.key], module.load_balancer.pool_ids["both"]]
  identity_ids            = [module.identity.ids["serving"]]
  admin_public_key        = var.admin_public_key
  user_data               = merge(local.user_data, local.of_serving, { identity = module.identity.client_ids["serving"] })
  data_collection_rule_id = module.monitoring.data_collection_rule_id

  # Bounds for both; it acts for the one that serves. While two are live a release is under way, and both stay as large
  # as the walker made them.
  autoscale = { minimum = module.capacity.minimum, maximum = module.capacity.maximum }
  scaling   = module.traffic_plan.pool == each.key
}

module "other" {
  source   = "../scale_set"
  for_each = local.others

  name                    = var.name
  resource_group_name     = azurerm_resource_group.fleet.name
  location                = var.location
  tags                    = local.tags
  role                    = each.key
  image_id                = each.value.image
  instances               = each.value.machines
  zones                   = var.zones
  subnet_id               = module.network.subnet_ids[each.key]
  identity_ids            = [for role in each.value.identities : module.identity.ids[role]]
  admin_public_key        = var.admin_public_key
  user_data               = merge(local.user_data, lookup(local.of_other, each.key, {}), { identity = module.identity.client_ids[each.value.identities[0]] })
  data_collection_rule_id = module.monitoring.data_collection_rule_id
  watched                 = false # no edge proxy stands there: systemd restarts them, a missing report alarms
}
