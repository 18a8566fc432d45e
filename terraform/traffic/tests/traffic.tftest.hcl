mock_provider "azurerm" {}

variables {
  pool            = "green"
  loadbalancer_id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/flights/providers/Microsoft.Network/loadBalancers/flights-edge"
  pool_ids        = { blue = "/pools/blue", green = "/pools/green", both = "/pools/both" }
  probe_id        = "/probes/ready"
}

run "the_rule_points_at_the_pool_that_was_asked_for" {
  command = plan

  assert {
    condition     = azurerm_lb_rule.service.backend_address_pool_ids == tolist(["/pools/green"])
    error_message = "Green gets the clients."
  }
}

run "a_lost_flow_says_so" {
  command = plan

  assert {
    condition     = azurerm_lb_rule.service.tcp_reset_enabled == true && azurerm_lb_rule.service.idle_timeout_in_minutes == 4
    error_message = "The balancer must reset idle flows, and later than the edge proxy closes them."
  }
  assert {
    condition     = azurerm_lb_rule.service.disable_outbound_snat == true
    error_message = "The balancer is no way out."
  }
  assert {
    condition     = azurerm_lb_rule.service.probe_id == "/probes/ready" && azurerm_lb_rule.service.protocol == "Tcp"
    error_message = "Only machines that the probe found ready get clients."
  }
}

run "there_are_three_answers" {
  command = plan
  variables {
    pool = "red"
  }
  expect_failures = [var.pool]
}

run "all_three_pools_are_known" {
  command = plan
  variables {
    pool_ids = { blue = "/pools/blue", green = "/pools/green" }
  }
  expect_failures = [var.pool_ids]
}
