output "id" {
  description = "The balancer: what terraform/traffic puts its rule on."
  value       = azurerm_lb.edge.id
}

output "frontend_name" {
  description = "The frontend that the rule listens on."
  value       = local.frontend
}

output "pool_ids" {
  description = "Pool (blue, green, both) → its id."
  value       = { for name, pool in azurerm_lb_backend_address_pool.by_colour : name => pool.id }
}

output "probe_id" {
  description = "The probe of readiness."
  value       = azurerm_lb_probe.ready.id
}

output "address" {
  description = "The address that clients call."
  value       = var.public ? azurerm_public_ip.clients[0].ip_address : azurerm_lb.edge.private_ip_address
}
