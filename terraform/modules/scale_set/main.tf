# Uniform: the orchestrated resource has no Trusted Launch arguments.
resource "azurerm_linux_virtual_machine_scale_set" "machines" {
  name                = "${var.name}-${var.role}"
  resource_group_name = var.resource_group_name
  location            = var.location
  sku                 = var.sku
  instances           = var.instances
  source_image_id     = var.image_id
  tags                = local.tags # instances inherit them

  zones                  = var.zones
  zone_balance           = length(var.zones) > 1
  overprovision          = false # machines that vanish again would have taken traffic
  single_placement_group = true
  upgrade_mode           = "Manual" # a release is the other colour, never a change in place

  admin_username                  = "picklefleet"
  disable_password_authentication = true
  encryption_at_host_enabled      = true
  secure_boot_enabled             = true
  vtpm_enabled                    = true
  extension_operations_enabled    = true
  user_data                       = base64encode(jsonencode(merge(var.user_data, { role = var.role, release = var.release })))

  admin_ssh_key {
    username   = "picklefleet"
    public_key = var.admin_public_key
  }

  identity {
    type         = "UserAssigned"
    identity_ids = var.identity_ids
  }

  # The system lies on the machine's own disk: quick, free, and gone with the machine, which holds nothing that matters
  # once its spool is shipped.
  os_disk {
    caching              = "ReadOnly"
    storage_account_type = "Standard_LRS"

    diff_disk_settings {
      option    = "Local"
      placement = "ResourceDisk"
    }
  }

  network_interface {
    name                           = "primary"
    primary                        = true
    accelerated_networking_enabled = true

    ip_configuration {
      name                                   = "primary"
      primary                                = true
      subnet_id                              = var.subnet_id
      load_balancer_backend_address_pool_ids = var.pool_ids
    }
  }

  boot_diagnostics {}

  # Rich states: a machine that starts or drains is not unhealthy, and only what a fresh machine would mend is.
  dynamic "extension" {
    for_each = var.watched ? [1] : []

    content {
      name                       = "health"
      publisher                  = "Microsoft.ManagedServices"
      type                       = "ApplicationHealthLinux"
      type_handler_version       = "2.0"
      auto_upgrade_minor_version = true

      settings = jsonencode({
        protocol          = "http"
        port              = var.probe_port
        requestPath       = var.health_path
        intervalInSeconds = 10
        numberOfProbes    = 3
        gracePeriod       = 600
      })
    }
  }

  dynamic "extension" {
    for_each = var.collect ? [1] : []

    content {
      name                       = "monitor"
      publisher                  = "Microsoft.Azure.Monitor"
      type                       = "AzureMonitorLinuxAgent"
      type_handler_version       = "1.0"
      auto_upgrade_minor_version = true
      automatic_upgrade_enabled  = true
      provision_after_extensions = var.watched ? ["health"] : []

      settings = jsonencode({
        authentication = {
          managedIdentity = {
            "identifier-name"  = "mi_res_id"
            "identifier-value" = var.identity_ids[0]
          }
        }
      })
    }
  }

  dynamic "automatic_instance_repair" {
    for_each = var.watched ? [1] : []

    content {
      enabled      = true
      action       = "Replace"
      grace_period = "PT30M" # longer than a boot and a warm-up, twice
    }
  }

  # Scale-in and repair announce themselves: the agent drains the machine and then says that it may go.
  termination_notification {
    enabled = true
    timeout = "PT5M"
  }

  scale_in {
    rule                   = "Default" # zones stay balanced
    force_deletion_enabled = false
  }

  lifecycle {
    ignore_changes = [instances]
  }
}

resource "azurerm_monitor_data_collection_rule_association" "machines" {
  count = var.collect ? 1 : 0

  name                    = "${var.name}-${var.role}"
  target_resource_id      = azurerm_linux_virtual_machine_scale_set.machines.id
  data_collection_rule_id = var.data_collection_rule_id
}

resource "azurerm_monitor_autoscale_setting" "machines" {
  count = var.autoscale == null ? 0 : 1

  name                = "${var.name}-${var.role}"
  resource_group_name = var.resource_group_name
  location            = var.location
  target_resource_id  = azurerm_linux_virtual_machine_scale_set.machines.id
  enabled             = var.scaling
  tags                = var.tags

  profile {
    name = "by-cpu"

    # Missing data scales nothing, and the default is never below what survives the loss of a zone.
    capacity {
      default = var.autoscale.minimum
      minimum = var.autoscale.minimum
      maximum = var.autoscale.maximum
    }

    dynamic "rule" {
      for_each = local.scaling

      content {
        metric_trigger {
          metric_name        = "Percentage CPU"
          metric_resource_id = azurerm_linux_virtual_machine_scale_set.machines.id
          time_grain         = "PT1M"
          statistic          = "Average"
          time_aggregation   = "Average"
          time_window        = rule.value.window
          operator           = rule.value.operator
          threshold          = rule.value.threshold
        }

        scale_action {
          direction = rule.value.direction
          type      = rule.value.type
          value     = tostring(rule.value.value)
          cooldown  = rule.value.cooldown
        }
      }
    }
  }

  # During a release both colours keep their size: the walker switches this off, and on again when it is over.
  lifecycle {
    ignore_changes = [enabled]
  }
}
