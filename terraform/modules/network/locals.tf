locals {
  # A quarter of the space each for machines that serve and for private endpoints; the rest is small.
  subnets = {
    serving   = cidrsubnet(var.address_space, 2, 0)
    endpoints = cidrsubnet(var.address_space, 2, 1)
    worker    = cidrsubnet(var.address_space, 4, 8)
    runner    = cidrsubnet(var.address_space, 4, 9)
    graphite  = cidrsubnet(var.address_space, 4, 10)
  }

  # Everything that starts machines has a way out through the NAT gateway; private endpoints need none.
  with_way_out = toset([for name in keys(local.subnets) : name if name != "endpoints"])

  private_zones = {
    blob     = "privatelink.blob.core.windows.net"
    vault    = "privatelink.vaultcore.azure.net"
    registry = "privatelink.azurecr.io"
  }

  rules = {
    for rule in concat(local.rules_of_all, local.rules_of_serving, local.rules_of_endpoints, local.rules_of_worker, local.rules_of_runner, local.rules_of_graphite) :
    "${rule.subnet}-${rule.name}" => rule
  }

  # What every subnet of machines may do, and the end of every list: nothing else.
  rules_of_all = flatten([
    for subnet in local.with_way_out : [
      { subnet = subnet, name = "to-endpoints", priority = 200, direction = "Outbound", access = "Allow", protocol = "Tcp", from = ["VirtualNetwork"], to = [local.subnets.endpoints], ports = ["443"] },
      { subnet = subnet, name = "to-monitor", priority = 210, direction = "Outbound", access = "Allow", protocol = "Tcp", from = ["VirtualNetwork"], to = ["AzureMonitor"], ports = ["443"] },
      { subnet = subnet, name = "to-sign-in", priority = 220, direction = "Outbound", access = "Allow", protocol = "Tcp", from = ["VirtualNetwork"], to = ["AzureActiveDirectory"], ports = ["443"] },
      { subnet = subnet, name = "to-graphite", priority = 230, direction = "Outbound", access = "Allow", protocol = "*", from = ["VirtualNetwork"], to = [local.subnets.graphite], ports = ["2003", "8080", "8125"] },
      { subnet = subnet, name = "nothing-else-out", priority = 4096, direction = "Outbound", access = "Deny", protocol = "*", from = ["*"], to = ["*"], ports = ["*"] },
      { subnet = subnet, name = "nothing-else-in", priority = 4096, direction = "Inbound", access = "Deny", protocol = "*", from = ["*"], to = ["*"], ports = ["*"] },
    ]
  ])

  # Standard balancers keep the client's address, so the client is the source here.
  rules_of_serving = [
    { subnet = "serving", name = "from-clients", priority = 100, direction = "Inbound", access = "Allow", protocol = "Tcp", from = var.client_prefixes, to = ["*"], ports = [tostring(var.service_port)] },
    { subnet = "serving", name = "from-balancer", priority = 110, direction = "Inbound", access = "Allow", protocol = "Tcp", from = ["AzureLoadBalancer"], to = ["*"], ports = [tostring(var.probe_port)] },
  ]

  rules_of_endpoints = [
    { subnet = "endpoints", name = "from-machines", priority = 100, direction = "Inbound", access = "Allow", protocol = "Tcp", from = [for name in sort(tolist(local.with_way_out)) : local.subnets[name]], to = ["*"], ports = ["443"] },
    { subnet = "endpoints", name = "nothing-else-in", priority = 4096, direction = "Inbound", access = "Deny", protocol = "*", from = ["*"], to = ["*"], ports = ["*"] },
  ]

  rules_of_worker = length(var.mail_relay_prefixes) == 0 ? [] : [
    { subnet = "worker", name = "to-mail", priority = 300, direction = "Outbound", access = "Allow", protocol = "Tcp", from = ["VirtualNetwork"], to = var.mail_relay_prefixes, ports = ["587"] },
  ]

  # The release walker speaks to Azure's control plane; the pipeline's runner fetches its jobs.
  rules_of_runner = [
    { subnet = "runner", name = "to-control-plane", priority = 300, direction = "Outbound", access = "Allow", protocol = "Tcp", from = ["VirtualNetwork"], to = ["AzureResourceManager"], ports = ["443"] },
    { subnet = "runner", name = "to-jobs", priority = 310, direction = "Outbound", access = "Allow", protocol = "Tcp", from = ["VirtualNetwork"], to = ["Internet"], ports = ["443"] },
    { subnet = "runner", name = "to-own-service", priority = 320, direction = "Outbound", access = "Allow", protocol = "Tcp", from = ["VirtualNetwork"], to = [local.subnets.serving], ports = [tostring(var.service_port)] },
  ]

  rules_of_graphite = [
    { subnet = "graphite", name = "from-machines", priority = 100, direction = "Inbound", access = "Allow", protocol = "*", from = [var.address_space], to = ["*"], ports = ["2003", "8080", "8125"] },
  ]
}
