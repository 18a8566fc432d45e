mock_provider "azurerm" {
  mock_resource "azurerm_storage_account" {
    defaults = { id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/flights/providers/Microsoft.Storage/storageAccounts/flightsstore" }
  }
}

variables {
  name                   = "flights"
  location               = "westeurope"
  tenant_id              = "00000000-0000-0000-0000-000000000000"
  client_prefixes        = ["203.0.113.0/24"]
  peak_requests_per_s    = 1000
  machine_requests_per_s = 2000
  admin_public_key       = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGx0 nobody"
  alert_emails           = ["operations@example.org"]
  monthly_budget         = 900
  budget_from            = "2026-12-01T00:00:00Z"
}

run "before_the_first_release_there_are_no_machines" {
  command = plan

  assert {
    condition     = length(module.colour) == 0 && length(module.other) == 0 && output.pool == null
    error_message = "Machines come with a release."
  }
  assert {
    condition     = output.capacity.minimum == 3
    error_message = "A thousand a second is one machine in each zone."
  }
}

run "a_release_brings_its_colour_and_the_worker_comes_beside_it" {
  command = plan
  variables {
    colours = {
      blue  = { image = "/images/picklefleet/versions/1.4.0", machines = 3, running = 3, running_image = "/images/picklefleet/versions/1.4.0", live = true, release = "r7" }
      green = { image = "", machines = 0 }
    }
    worker_image = "/images/picklefleet/versions/1.4.0"
  }

  assert {
    condition     = toset(keys(module.colour)) == toset(["blue"]) && toset(keys(module.other)) == toset(["worker"]) && output.pool == "blue"
    error_message = "Blue serves, one worker judges the nights."
  }
  assert {
    condition     = toset(keys(output.traffic.pool_ids)) == toset(["blue", "green", "both"])
    error_message = "The walker is told of all three pools."
  }
}

run "the_walker_is_told_where_everything_is" {
  command = plan

  override_resource {
    target          = azurerm_resource_group.fleet
    values          = { id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/flights" }
    override_during = plan
  }

  variables {
    traffic_state = { storage_account_name = "flightsstate", container_name = "production-traffic", key = "terraform.tfstate", container_id = "/state/production-traffic" }
  }

  assert {
    condition     = endswith(output.fleet.scale_set_ids.green, "/providers/Microsoft.Compute/virtualMachineScaleSets/flights-green") && endswith(output.fleet.autoscale_ids.blue, "/providers/Microsoft.Insights/autoscaleSettings/flights-blue")
    error_message = "Both colours have a name, whether they have machines or not."
  }
  assert {
    condition     = output.fleet.backend == tomap({ storage_account_name = "flightsstate", container_name = "production-traffic", key = "terraform.tfstate" })
    error_message = "The walker's Terraform keeps its state where bootstrap made room for it."
  }
}

run "settings_reach_the_processes_that_they_are_for" {
  command = plan
  variables {
    settings = { web = { TRACE_SHARE = "0.01" }, worker = { MAIL_TO = "nights@example.org" } }
  }

  assert {
    condition     = local.of_serving == { "web-settings" = jsonencode({ KEY_MACHINES = "3", TRACE_SHARE = "0.01" }) }
    error_message = "Machines that serve are told the web processes' settings, and not the worker's."
  }
  assert {
    condition     = local.of_other == { worker = { "worker-settings" = jsonencode({ MAIL_TO = "nights@example.org" }) } }
    error_message = "The worker is told its own, runners none."
  }
}

run "each_machine_grants_a_key_its_part_of_the_limit" {
  command = plan
  variables {
    peak_requests_per_s = 9000
  }

  assert {
    condition     = local.of_serving == { "web-settings" = jsonencode({ KEY_MACHINES = tostring(output.capacity.minimum) }) } && output.capacity.minimum > 3
    error_message = "As many parts as there are machines at least."
  }
}

run "who_sets_the_parts_of_a_limit_is_believed" {
  command = plan
  variables {
    settings = { web = { KEY_MACHINES = "12" } }
  }

  assert {
    condition     = local.of_serving == { "web-settings" = jsonencode({ KEY_MACHINES = "12" }) }
    error_message = "A setting that is given is not overwritten."
  }
}

run "a_secret_is_no_setting" {
  command = plan
  variables {
    settings = { worker = { SMTP_PASSWORD = "open" } }
  }

  expect_failures = [var.settings]
}

run "a_role_has_the_image_that_is_named_for_it" {
  command = plan
  variables {
    worker_image   = "/images/picklefleet/versions/1.4.0"
    runner_image   = "/images/runner/versions/1.0.0"
    graphite_image = "/images/graphite/versions/1.0.0"
  }

  assert {
    condition     = { for role, set in local.others : role => set.image } == { worker = "/images/picklefleet/versions/1.4.0", runner = "/images/runner/versions/1.0.0", graphite = "/images/graphite/versions/1.0.0" }
    error_message = "Each role boots what is named for it."
  }
  assert {
    condition     = local.others.worker.machines == 1 && local.others.worker.identities[0] == "worker" && toset(local.others.runner.identities) == toset(["release", "retrain"])
    error_message = "Nights are one worker's; runners release and retrain."
  }
}
