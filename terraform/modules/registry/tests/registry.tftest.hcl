mock_provider "azurerm" {}

variables {
  name                         = "flights"
  resource_group_name          = "flights"
  location                     = "westeurope"
  endpoints_subnet_id          = "/subnets/endpoints"
  registry_private_dns_zone_id = "/zones/registry"
}

run "images_are_reached_from_inside_by_identities" {
  command = plan

  assert {
    condition     = azurerm_container_registry.images.admin_enabled == false && azurerm_container_registry.images.anonymous_pull_enabled == false
    error_message = "There must be no password and no anonymous pull."
  }
  assert {
    condition     = azurerm_container_registry.images.public_network_access_enabled == false && azurerm_container_registry.images.network_rule_set[0].default_action == "Deny"
    error_message = "The registry has no public door."
  }
  assert {
    condition     = azurerm_container_registry.images.zone_redundancy_enabled == true && azurerm_container_registry.images.sku == "Premium"
    error_message = "A machine must be able to boot while a zone is lost."
  }
  assert {
    condition     = azurerm_container_registry.images.network_rule_bypass_option == "None"
    error_message = "No other service passes by the rules."
  }
}

run "builders_may_be_let_in_by_address" {
  command = plan
  variables {
    build_prefixes = ["198.51.100.0/24"]
  }

  assert {
    condition     = azurerm_container_registry.images.public_network_access_enabled == true && one(azurerm_container_registry.images.network_rule_set[0].ip_rule).ip_range == "198.51.100.0/24" && azurerm_container_registry.images.network_rule_set[0].default_action == "Deny"
    error_message = "Only the named range comes in."
  }
}
