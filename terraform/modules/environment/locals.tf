locals {
  tags = merge(var.tags, { "managed-by" = "terraform", "service" = "picklefleet" })

  # The secrets that the parts know by these names, and who reads each.
  secret_readers = {
    for name, roles in {
      "fleet-key"          = ["serving"]
      "fleet-key-previous" = ["serving"]
      "records-key"        = ["serving", "worker", "retrain"]
      "tls-certificate"    = ["serving"]
      "smtp-password"      = ["worker"]
    } : name => toset(roles) if contains(keys(var.secret_versions), name)
  }

  colours = { for name, colour in var.colours : name => colour if colour.image != "" }

  # Beside the two colours, machines that clients do not call: sets without a pool and without autoscale.
  others = {
    for role, set in {
      worker   = { image = var.worker_image, identities = ["worker"], machines = 1 }
      runner   = { image = var.runner_image, identities = ["release", "retrain"], machines = 0 }
      graphite = { image = var.graphite_image, identities = ["worker"], machines = 1 }
    } : role => set if set.image != ""
  }

  # By process; left out where there are none, so that machines are not made anew for nothing.
  # Keys' limits are the whole fleet's, and each machine grants its part: of the fewest that serve, so that a key has its
  # limit at any size and more where there are more machines to bear it.
  given      = merge(var.settings, { web = merge({ KEY_MACHINES = tostring(module.capacity.minimum) }, var.settings.web) })
  settings   = { for process, given in local.given : "${process}-settings" => jsonencode(given) if length(given) > 0 }
  of_serving = { for name, given in local.settings : name => given if name != "worker-settings" }
  of_other   = { worker = { for name, given in local.settings : name => given if name == "worker-settings" } }

  # Read at the first boot (ansible/roles/first_boot): no secret is in it.
  user_data = {
    store     = "az://${module.storage.account_name}"
    vault     = module.key_vault.uri
    telemetry = nonsensitive(module.monitoring.connection_string) # it opens nothing without an identity
  }
}
