resource "azurerm_public_ip" "clients" {
  count = var.public ? 1 : 0

  name                = "${var.name}-clients"
  resource_group_name = var.resource_group_name
  location            = var.location
  sku                 = "Standard"
  allocation_method   = "Static"
  zones               = var.zones
  tags                = var.tags

  lifecycle {
    prevent_destroy = true # the address that clients know
  }
}

resource "azurerm_lb" "edge" {
  name                = "${var.name}-edge"
  resource_group_name = var.resource_group_name
  location            = var.location
  sku                 = "Standard"
  tags                = var.tags

  frontend_ip_configuration {
    name                          = local.frontend
    public_ip_address_id          = var.public ? azurerm_public_ip.clients[0].id : null
    subnet_id                     = var.public ? null : var.subnet_id
    private_ip_address_allocation = var.public ? null : "Dynamic"
    zones                         = var.public ? null : var.zones
  }
}

resource "azurerm_lb_backend_address_pool" "by_colour" {
  for_each = local.pools

  name            = each.key
  loadbalancer_id = azurerm_lb.edge.id
}

# Two missed answers take a machine out: 10 s, which the order of a stop waits for.
resource "azurerm_lb_probe" "ready" {
  name                = "ready"
  loadbalancer_id     = azurerm_lb.edge.id
  protocol            = "Http"
  port                = var.probe_port
  request_path        = "/readyz"
  interval_in_seconds = 5
  number_of_probes    = 2
  probe_threshold     = 1

  # Sending clients to machines that all say "not ready" helps nobody: they get a clear refusal instead.
  no_healthy_backends_behavior = "AllProbedDown"
}
