resource "azurerm_virtual_network" "fleet" {
  name                = "${var.name}-network"
  resource_group_name = var.resource_group_name
  location            = var.location
  address_space       = [var.address_space]
  tags                = var.tags
}

resource "azurerm_subnet" "by_role" {
  for_each = local.subnets

  name                 = each.key
  resource_group_name  = var.resource_group_name
  virtual_network_name = azurerm_virtual_network.fleet.name
  address_prefixes     = [each.value]

  default_outbound_access_enabled   = false # every way out is the NAT gateway, or none
  private_endpoint_network_policies = "NetworkSecurityGroupEnabled"
}

resource "azurerm_network_security_group" "by_role" {
  for_each = local.subnets

  name                = "${var.name}-${each.key}"
  resource_group_name = var.resource_group_name
  location            = var.location
  tags                = var.tags
}

resource "azurerm_subnet_network_security_group_association" "by_role" {
  for_each = local.subnets

  subnet_id                 = azurerm_subnet.by_role[each.key].id
  network_security_group_id = azurerm_network_security_group.by_role[each.key].id
}

resource "azurerm_network_security_rule" "by_name" {
  for_each = local.rules

  name                        = each.value.name
  resource_group_name         = var.resource_group_name
  network_security_group_name = azurerm_network_security_group.by_role[each.value.subnet].name
  priority                    = each.value.priority
  direction                   = each.value.direction
  access                      = each.value.access
  protocol                    = each.value.protocol
  source_port_range           = "*"

  # Azure takes a tag or `*` in the singular argument only, and several ranges in the plural one only.
  source_address_prefix        = length(each.value.from) == 1 ? each.value.from[0] : null
  source_address_prefixes      = length(each.value.from) == 1 ? null : each.value.from
  destination_address_prefix   = length(each.value.to) == 1 ? each.value.to[0] : null
  destination_address_prefixes = length(each.value.to) == 1 ? null : each.value.to
  destination_port_range       = length(each.value.ports) == 1 ? each.value.ports[0] : null
  destination_port_ranges      = length(each.value.ports) == 1 ? null : each.value.ports
}

# StandardV2 spans the zones by itself: the way out survives the loss of one.
resource "azurerm_public_ip" "way_out" {
  name                = "${var.name}-way-out"
  resource_group_name = var.resource_group_name
  location            = var.location
  sku                 = "StandardV2"
  allocation_method   = "Static"
  zones               = var.zones
  tags                = var.tags
}

resource "azurerm_nat_gateway" "way_out" {
  name                = "${var.name}-way-out"
  resource_group_name = var.resource_group_name
  location            = var.location
  sku_name            = "StandardV2"
  zones               = var.zones
  tags                = var.tags
}

resource "azurerm_nat_gateway_public_ip_association" "way_out" {
  nat_gateway_id       = azurerm_nat_gateway.way_out.id
  public_ip_address_id = azurerm_public_ip.way_out.id
}

resource "azurerm_subnet_nat_gateway_association" "way_out" {
  for_each = local.with_way_out

  subnet_id      = azurerm_subnet.by_role[each.key].id
  nat_gateway_id = azurerm_nat_gateway.way_out.id
}

resource "azurerm_private_dns_zone" "by_service" {
  for_each = local.private_zones

  name                = each.value
  resource_group_name = var.resource_group_name
  tags                = var.tags
}

resource "azurerm_private_dns_zone_virtual_network_link" "by_service" {
  for_each = local.private_zones

  name                 = "${var.name}-${each.key}"
  private_dns_zone_id  = azurerm_private_dns_zone.by_service[each.key].id
  virtual_network_id   = azurerm_virtual_network.fleet.id
  registration_enabled = false
  tags                 = var.tags
}
