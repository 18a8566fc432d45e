output "traffic" {
  description = "What terraform/traffic needs to know; the walker hands it over."
  value       = module.environment.traffic
}

output "fleet" {
  description = "What the release walker needs to know (`PICKLEFLEET_AZURE_FLEET`), as a file: `terraform output -json fleet`."
  value       = module.environment.fleet
}

output "capacity" {
  description = "How many machines a live colour has, and what a lost zone would leave on each."
  value       = module.environment.capacity
}

output "store" {
  description = "The value of `PICKLEFLEET_STORE`."
  value       = module.environment.store
}

output "signing_vault" {
  description = "The value of `PICKLEFLEET_SIGNING_VAULT`."
  value       = module.environment.signing_vault
}

output "client_ids" {
  description = "Role → client id of its identity, for the pipelines' variables. No secret."
  value       = module.environment.client_ids
}

output "address" {
  description = "The address that clients call."
  value       = module.environment.address
}

output "image_id" {
  description = "The image definition that Packer publishes versions of."
  value       = module.environment.image_id
}

output "registry" {
  description = "Where service images are pushed."
  value       = module.environment.registry
}
