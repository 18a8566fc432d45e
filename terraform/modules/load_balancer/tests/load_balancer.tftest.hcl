mock_provider "azurerm" {}

variables {
  name                = "flights"
  resource_group_name = "flights"
  location            = "westeurope"
  subnet_id           = "/subnets/serving"
}

run "inside_by_default" {
  command = plan

  assert {
    condition     = length(azurerm_public_ip.clients) == 0 && azurerm_lb.edge.frontend_ip_configuration[0].subnet_id == "/subnets/serving"
    error_message = "Nothing is public unless somebody says so."
  }
  assert {
    condition     = length(azurerm_lb.edge.frontend_ip_configuration[0].zones) == 3 && azurerm_lb.edge.sku == "Standard"
    error_message = "The address survives the loss of a zone."
  }
}

run "outside_when_asked" {
  command = plan
  variables {
    public = true
  }

  assert {
    condition     = azurerm_public_ip.clients[0].sku == "Standard" && length(azurerm_public_ip.clients[0].zones) == 3 && azurerm_public_ip.clients[0].allocation_method == "Static"
    error_message = "A public address is fixed and spans the zones."
  }
}

run "a_machine_that_is_not_ready_is_out_within_10_seconds" {
  command = plan

  assert {
    condition     = azurerm_lb_probe.ready.interval_in_seconds * azurerm_lb_probe.ready.number_of_probes <= 10
    error_message = "The order of a stop waits 10 s for the probe."
  }
  assert {
    condition     = azurerm_lb_probe.ready.protocol == "Http" && azurerm_lb_probe.ready.request_path == "/readyz" && azurerm_lb_probe.ready.port == 8081 && azurerm_lb_probe.ready.probe_threshold == 1
    error_message = "The probe asks the edge proxy's own listener whether the machine may have traffic."
  }
  assert {
    condition     = azurerm_lb_probe.ready.no_healthy_backends_behavior == "AllProbedDown"
    error_message = "A fleet that is not ready gets no clients."
  }
}

run "three_pools" {
  command = plan

  assert {
    condition     = toset(keys(azurerm_lb_backend_address_pool.by_colour)) == toset(["blue", "green", "both"])
    error_message = "The rule can point at blue, green or both."
  }
}
