mock_provider "azurerm" {}

variables {
  name                    = "flights"
  resource_group_name     = "flights"
  location                = "westeurope"
  role                    = "blue"
  release                 = "r7"
  image_id                = "/galleries/machines/images/picklefleet/versions/1.4.0"
  instances               = 3
  subnet_id               = "/subnets/serving"
  pool_ids                = ["/pools/blue", "/pools/both"]
  identity_ids            = ["/identities/serving"]
  admin_public_key        = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGx0 nobody"
  data_collection_rule_id = "/rules/machines"
  autoscale               = { minimum = 3, maximum = 9 }
}

run "machines_are_private_and_trusted" {
  command = plan

  assert {
    condition     = length(azurerm_linux_virtual_machine_scale_set.machines.network_interface[0].ip_configuration[0].public_ip_address) == 0
    error_message = "No machine has a public address."
  }
  assert {
    condition     = azurerm_linux_virtual_machine_scale_set.machines.disable_password_authentication == true && azurerm_linux_virtual_machine_scale_set.machines.admin_password == null
    error_message = "There is no password."
  }
  assert {
    condition     = azurerm_linux_virtual_machine_scale_set.machines.secure_boot_enabled == true && azurerm_linux_virtual_machine_scale_set.machines.vtpm_enabled == true
    error_message = "Trusted Launch: secure boot and a virtual TPM."
  }
  assert {
    condition     = azurerm_linux_virtual_machine_scale_set.machines.encryption_at_host_enabled == true
    error_message = "Disks and caches are encrypted on the host."
  }
  assert {
    condition     = azurerm_linux_virtual_machine_scale_set.machines.identity[0].type == "UserAssigned" && toset(azurerm_linux_virtual_machine_scale_set.machines.identity[0].identity_ids) == toset(["/identities/serving"])
    error_message = "A machine has its role's identity and no other."
  }
}

run "a_lost_zone_is_survived" {
  command = plan

  assert {
    condition     = length(azurerm_linux_virtual_machine_scale_set.machines.zones) == 3 && azurerm_linux_virtual_machine_scale_set.machines.zone_balance == true
    error_message = "Machines are spread evenly over three zones."
  }
  assert {
    condition     = azurerm_linux_virtual_machine_scale_set.machines.overprovision == false
    error_message = "Overprovisioned machines take traffic and vanish."
  }
  assert {
    condition     = azurerm_linux_virtual_machine_scale_set.machines.scale_in[0].rule == "Default" && azurerm_linux_virtual_machine_scale_set.machines.scale_in[0].force_deletion_enabled == false
    error_message = "Scaling in keeps the zones balanced and waits for the drain."
  }
}

run "machines_change_by_release_alone" {
  command = plan

  assert {
    condition     = azurerm_linux_virtual_machine_scale_set.machines.upgrade_mode == "Manual"
    error_message = "A change in place would replace machines under load."
  }
  assert {
    condition     = azurerm_linux_virtual_machine_scale_set.machines.tags["picklefleet-role"] == "blue" && azurerm_linux_virtual_machine_scale_set.machines.tags["picklefleet-release"] == "r7"
    error_message = "A machine learns its colour and release from its own tags."
  }
  assert {
    condition     = azurerm_linux_virtual_machine_scale_set.machines.os_disk[0].diff_disk_settings[0].option == "Local" && azurerm_linux_virtual_machine_scale_set.machines.os_disk[0].caching == "ReadOnly"
    error_message = "The system disk is the machine's own."
  }
}

run "a_machine_says_goodbye_and_a_sick_one_is_replaced" {
  command = plan

  assert {
    condition     = azurerm_linux_virtual_machine_scale_set.machines.termination_notification[0].enabled == true && azurerm_linux_virtual_machine_scale_set.machines.termination_notification[0].timeout == "PT5M"
    error_message = "Five minutes are there to drain: the ladder of timeouts ends in them."
  }
  assert {
    condition     = azurerm_linux_virtual_machine_scale_set.machines.automatic_instance_repair[0].enabled == true && azurerm_linux_virtual_machine_scale_set.machines.automatic_instance_repair[0].action == "Replace" && azurerm_linux_virtual_machine_scale_set.machines.automatic_instance_repair[0].grace_period == "PT30M"
    error_message = "Repair replaces, and never before a machine had time to start."
  }
  assert {
    condition     = azurerm_linux_virtual_machine_scale_set.machines.health_probe_id == null
    error_message = "One source of health only: the extension, not the balancer's probe."
  }
  assert {
    condition = one([
      for extension in azurerm_linux_virtual_machine_scale_set.machines.extension : jsondecode(extension.settings)
      if extension.type == "ApplicationHealthLinux" && extension.type_handler_version == "2.0"
    ]) == { protocol = "http", port = 8081, requestPath = "/health/azure", intervalInSeconds = 10, numberOfProbes = 3, gracePeriod = 600 }
    error_message = "Health is asked with rich states at the path that stays healthy while a machine drains."
  }
}

run "machines_are_in_their_pools" {
  command = plan

  assert {
    condition     = toset(azurerm_linux_virtual_machine_scale_set.machines.network_interface[0].ip_configuration[0].load_balancer_backend_address_pool_ids) == toset(["/pools/blue", "/pools/both"])
    error_message = "A machine is in its colour's pool and in `both`."
  }
  assert {
    condition     = azurerm_linux_virtual_machine_scale_set.machines.network_interface[0].accelerated_networking_enabled == true
    error_message = "The network card is the machine's own."
  }
}

run "scaling_out_is_quick_and_scaling_in_is_slow" {
  command = plan

  assert {
    condition     = azurerm_monitor_autoscale_setting.machines[0].profile[0].capacity[0].minimum == 3 && azurerm_monitor_autoscale_setting.machines[0].profile[0].capacity[0].default == 3 && azurerm_monitor_autoscale_setting.machines[0].profile[0].capacity[0].maximum == 9
    error_message = "Without data the fleet is what survives the loss of a zone."
  }
  assert {
    condition = [
      for rule in azurerm_monitor_autoscale_setting.machines[0].profile[0].rule : rule.metric_trigger[0].time_window
      if rule.scale_action[0].direction == "Decrease" && rule.metric_trigger[0].operator == "LessThan" && rule.metric_trigger[0].threshold <= 30 && rule.scale_action[0].value == 1 && rule.scale_action[0].cooldown == "PT30M"
    ] == ["PT30M"]
    error_message = "A machine goes after half an hour of calm, one at a time."
  }
  assert {
    condition = [
      for rule in azurerm_monitor_autoscale_setting.machines[0].profile[0].rule : rule.metric_trigger[0].time_window
      if rule.scale_action[0].direction == "Increase" && rule.metric_trigger[0].operator == "GreaterThan" && rule.metric_trigger[0].threshold <= 66
    ] == ["PT5M"]
    error_message = "Machines come after five busy minutes, before two thirds of the load are reached."
  }
  assert {
    condition     = alltrue([for rule in azurerm_monitor_autoscale_setting.machines[0].profile[0].rule : rule.metric_trigger[0].metric_name == "Percentage CPU"])
    error_message = "Predictions cost CPU: that is what is scaled by."
  }
}

run "a_set_without_autoscale_stays_as_it_is" {
  command = plan
  variables {
    role      = "worker"
    instances = 1
    autoscale = null
    pool_ids  = []
  }

  assert {
    condition     = length(azurerm_monitor_autoscale_setting.machines) == 0 && azurerm_linux_virtual_machine_scale_set.machines.instances == 1
    error_message = "The worker is one machine, repaired when it fails."
  }
}

run "a_set_that_tells_no_health_is_not_repaired_by_guess" {
  command = plan
  variables {
    role    = "runner"
    watched = false
  }

  assert {
    condition     = length(azurerm_linux_virtual_machine_scale_set.machines.automatic_instance_repair) == 0 && length([for extension in azurerm_linux_virtual_machine_scale_set.machines.extension : extension if extension.type == "ApplicationHealthLinux"]) == 0
    error_message = "Repair needs a source of health."
  }
}

run "an_image_is_one_version" {
  command = plan
  variables {
    image_id = "/galleries/machines/images/picklefleet/versions/latest"
  }
  expect_failures = [var.image_id]
}

run "secrets_are_not_handed_over_in_the_open" {
  command = plan
  variables {
    user_data = { fleet_key = "hunter2" }
  }
  expect_failures = [var.user_data]
}

run "a_fleet_of_one_is_no_fleet" {
  command = plan
  variables {
    autoscale = { minimum = 1, maximum = 3 }
  }
  expect_failures = [var.autoscale]
}

run "autoscale_of_a_colour_without_clients_does_not_act" {
  command = plan
  variables {
    scaling = false
  }

  assert {
    condition     = azurerm_monitor_autoscale_setting.machines[0].enabled == false
    error_message = "A colour that nobody calls would be raised to the least of a live one."
  }
}
