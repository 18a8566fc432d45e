mock_provider "azurerm" {}

variables {
  name                = "flights"
  resource_group_name = "flights"
  location            = "westeurope"
  client_prefixes     = ["203.0.113.0/24"]
}

run "no_subnet_has_a_way_out_of_its_own" {
  command = plan

  assert {
    condition     = alltrue([for subnet in azurerm_subnet.by_role : subnet.default_outbound_access_enabled == false])
    error_message = "Default outbound access must be off: the NAT gateway is the one way out."
  }
  assert {
    condition     = alltrue([for subnet in azurerm_subnet.by_role : subnet.private_endpoint_network_policies == "NetworkSecurityGroupEnabled"])
    error_message = "Security rules must hold for private endpoints too."
  }
  assert {
    condition     = toset(keys(azurerm_subnet_nat_gateway_association.way_out)) == toset(["serving", "worker", "runner", "graphite"])
    error_message = "Machines go out through the NAT gateway, private endpoints go nowhere."
  }
  assert {
    condition     = azurerm_nat_gateway.way_out.sku_name == "StandardV2" && length(azurerm_nat_gateway.way_out.zones) == 3 && azurerm_public_ip.way_out.sku == "StandardV2" && length(azurerm_public_ip.way_out.zones) == 3
    error_message = "The way out must survive the loss of a zone."
  }
}

run "every_subnet_is_guarded" {
  command = plan

  assert {
    condition     = toset(keys(azurerm_subnet_network_security_group_association.by_role)) == toset(keys(azurerm_subnet.by_role))
    error_message = "Each subnet has its security group."
  }
  assert {
    condition = alltrue([
      for subnet in keys(azurerm_subnet.by_role) :
      azurerm_network_security_rule.by_name["${subnet}-nothing-else-in"].access == "Deny" &&
      azurerm_network_security_rule.by_name["${subnet}-nothing-else-in"].priority == 4096 &&
      azurerm_network_security_rule.by_name["${subnet}-nothing-else-in"].direction == "Inbound" &&
      azurerm_network_security_rule.by_name["${subnet}-nothing-else-in"].source_address_prefix == "*"
    ])
    error_message = "What no rule names comes in nowhere."
  }
  assert {
    condition = alltrue([
      for subnet in ["serving", "worker", "runner", "graphite"] :
      azurerm_network_security_rule.by_name["${subnet}-nothing-else-out"].access == "Deny" &&
      azurerm_network_security_rule.by_name["${subnet}-nothing-else-out"].direction == "Outbound" &&
      azurerm_network_security_rule.by_name["${subnet}-nothing-else-out"].destination_address_prefix == "*"
    ])
    error_message = "Machines reach what the rules name, and nothing else."
  }
  assert {
    condition = toset([
      for rule in azurerm_network_security_rule.by_name : rule.destination_port_range
      if rule.direction == "Inbound" && rule.access == "Allow" && rule.network_security_group_name == "flights-serving"
    ]) == toset(["443", "8081"])
    error_message = "Serving machines listen to clients and to the balancer's probe, nobody reaches SSH."
  }
  assert {
    condition     = azurerm_network_security_rule.by_name["serving-from-clients"].source_address_prefix == "203.0.113.0/24"
    error_message = "Only the named clients may call."
  }
  assert {
    condition     = azurerm_network_security_rule.by_name["serving-from-balancer"].source_address_prefix == "AzureLoadBalancer"
    error_message = "Only the balancer may probe."
  }
  assert {
    condition     = [for name, rule in azurerm_network_security_rule.by_name : name if rule.direction == "Outbound" && rule.access == "Allow" && rule.destination_address_prefix == "Internet"] == ["runner-to-jobs"]
    error_message = "Only the pipeline's runner reaches the Internet, and only by HTTPS."
  }
}

run "several_clients_stand_in_one_rule" {
  command = plan
  variables {
    client_prefixes = ["203.0.113.0/24", "198.51.100.0/24"]
  }

  assert {
    condition     = length(azurerm_network_security_rule.by_name["serving-from-clients"].source_address_prefixes) == 2
    error_message = "Both ranges may call."
  }
}

run "the_worker_reaches_the_mail_relay_alone" {
  command = plan
  variables {
    mail_relay_prefixes = ["198.51.100.25"]
  }

  assert {
    condition     = azurerm_network_security_rule.by_name["worker-to-mail"].destination_address_prefix == "198.51.100.25" && azurerm_network_security_rule.by_name["worker-to-mail"].destination_port_range == "587"
    error_message = "Mail goes to the relay's submission port."
  }
}

run "names_of_services_resolve_inside" {
  command = plan

  assert {
    condition     = toset([for zone in azurerm_private_dns_zone.by_service : zone.name]) == toset(["privatelink.blob.core.windows.net", "privatelink.vaultcore.azure.net", "privatelink.azurecr.io"])
    error_message = "Blobs, the vault and the registry are found by their private addresses."
  }
}

run "everybody_must_be_said" {
  command = plan
  variables {
    client_prefixes = ["*"]
  }
  expect_failures = [var.client_prefixes]
}

run "a_network_too_small_is_refused" {
  command = plan
  variables {
    address_space = "10.0.0.0/24"
  }
  expect_failures = [var.address_space]
}
