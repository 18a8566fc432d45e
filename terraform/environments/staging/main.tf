data "azurerm_client_config" "current" {}

module "environment" {
  source = "../../modules/environment"

  tenant_id = data.azurerm_client_config.current.tenant_id
  tags      = { environment = "staging" }

  name                   = var.name
  location               = var.location
  client_prefixes        = var.client_prefixes
  mail_relay_prefixes    = var.mail_relay_prefixes
  build_prefixes         = var.build_prefixes
  setup_prefixes         = var.setup_prefixes
  peak_requests_per_s    = var.peak_requests_per_s
  machine_requests_per_s = var.machine_requests_per_s
  colours                = var.colours
  worker_image           = var.worker_image
  runner_image           = var.runner_image
  graphite_image         = var.graphite_image
  settings               = var.settings
  admin_public_key       = var.admin_public_key
  secrets                = var.secrets
  secret_versions        = var.secret_versions
  alert_emails           = var.alert_emails
  monthly_budget         = var.monthly_budget
  budget_from            = var.budget_from
  traffic_state          = var.traffic_state

  # Staging has production's shape, so that what is tested is what is deployed; but it is inside, and its registry may be shortened.
  public              = false
  replication         = "ZRS"
  immutability_locked = false
}
