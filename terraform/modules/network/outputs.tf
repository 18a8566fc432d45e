output "subnet_ids" {
  description = "Role (serving, endpoints, worker, runner, graphite) → subnet."
  value       = { for name, subnet in azurerm_subnet.by_role : name => subnet.id }

  # A machine that starts before its subnet has a way out and its rules can't fetch anything, and fails its first boot.
  depends_on = [
    azurerm_subnet_nat_gateway_association.way_out,
    azurerm_subnet_network_security_group_association.by_role,
    azurerm_nat_gateway_public_ip_association.way_out,
    azurerm_network_security_rule.by_name,
  ]
}

output "private_dns_zone_ids" {
  description = "Service (blob, vault, registry) → private DNS zone."
  value       = { for name, zone in azurerm_private_dns_zone.by_service : name => zone.id }
}

output "virtual_network_id" {
  description = "The network."
  value       = azurerm_virtual_network.fleet.id
}

output "way_out" {
  description = "The address that calls of the fleet come from, for other people's allow-lists."
  value       = azurerm_public_ip.way_out.ip_address
}
