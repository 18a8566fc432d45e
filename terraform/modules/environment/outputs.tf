output "traffic" {
  description = "What terraform/traffic needs to know; the walker hands it over."
  value = {
    loadbalancer_id = module.load_balancer.id
    frontend_name   = module.load_balancer.frontend_name
    pool_ids        = module.load_balancer.pool_ids
    probe_id        = module.load_balancer.probe_id
  }
}

output "fleet" {
  description = "What the release walker needs to know (`PICKLEFLEET_AZURE_FLEET`), as a file: `terraform output -json fleet`. No secrets."
  value = {
    location        = var.location
    scale_set_ids   = { for colour in ["blue", "green"] : colour => "${azurerm_resource_group.fleet.id}/providers/Microsoft.Compute/virtualMachineScaleSets/${var.name}-${colour}" }
    autoscale_ids   = { for colour in ["blue", "green"] : colour => "${azurerm_resource_group.fleet.id}/providers/Microsoft.Insights/autoscaleSettings/${var.name}-${colour}" }
    loadbalancer_id = module.load_balancer.id
    frontend_name   = module.load_balancer.frontend_name
    pool_ids        = module.load_balancer.pool_ids
    probe_id        = module.load_balancer.probe_id
    subnet_id       = module.network.subnet_ids["serving"]
    client_id       = module.identity.client_ids["release"]
    backend = var.traffic_state == null ? {} : {
      storage_account_name = var.traffic_state.storage_account_name
      container_name       = var.traffic_state.container_name
      key                  = var.traffic_state.key
    }
  }
}

output "pool" {
  description = "The pool that the release journal asks for; null before the first release."
  value       = module.traffic_plan.pool
}

output "capacity" {
  description = "How many machines a live colour has, and what a lost zone would leave on each."
  value = {
    minimum              = module.capacity.minimum
    maximum              = module.capacity.maximum
    usual_load           = module.capacity.usual_load
    load_after_zone_loss = module.capacity.load_after_zone_loss
  }
}

output "store" {
  description = "The value of `PICKLEFLEET_STORE`."
  value       = local.user_data.store
}

output "signing_vault" {
  description = "The value of `PICKLEFLEET_SIGNING_VAULT`: where the keys lie that register and admit."
  value       = module.key_vault.uri
}

output "client_ids" {
  description = "Role → client id of its identity; runners walk as `release` and train as `retrain`. No secret."
  value       = module.identity.client_ids
}

output "address" {
  description = "The address that clients call."
  value       = module.load_balancer.address
}

output "image_id" {
  description = "The image definition that Packer publishes versions of."
  value       = module.image_gallery.image_id
}

output "registry" {
  description = "Where service images are pushed."
  value       = module.registry.login_server
}

output "scale_set_ids" {
  description = "Role → scale set, of those that exist."
  value       = merge({ for name, set in module.colour : name => set.id }, { for name, set in module.other : name => set.id })
}
