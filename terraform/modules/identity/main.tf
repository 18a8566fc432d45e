resource "azurerm_user_assigned_identity" "by_role" {
  for_each = local.roles

  name                = "${var.name}-${each.key}"
  resource_group_name = var.resource_group_name
  location            = var.location
  tags                = var.tags
}

resource "azurerm_role_definition" "add_blobs" {
  name        = "${var.name} add blobs"
  scope       = var.resource_group_id
  description = "Create blobs that do not exist yet; read, overwrite and delete none."

  permissions {
    actions      = []
    data_actions = ["${local.blobs}/add/action"]
  }

  assignable_scopes = [var.resource_group_id]
}

resource "azurerm_role_definition" "tell_measurements" {
  name        = "${var.name} tell measurements"
  scope       = var.resource_group_id
  description = "Write blobs, where a condition says which."

  permissions {
    actions      = []
    data_actions = ["${local.blobs}/write", "${local.blobs}/add/action"]
  }

  assignable_scopes = [var.resource_group_id]
}

# Moving traffic: sizes of scale sets, the balancer's rule, autoscale. No networks, no identities, no secrets.
resource "azurerm_role_definition" "move_traffic" {
  name        = "${var.name} move traffic"
  scope       = var.resource_group_id
  description = "Resize scale sets, look at their health, and move the balancer's rule between pools."

  permissions {
    actions = [
      "Microsoft.Compute/virtualMachineScaleSets/read",
      "Microsoft.Compute/virtualMachineScaleSets/write",
      "Microsoft.Compute/virtualMachineScaleSets/instanceView/read",
      "Microsoft.Compute/virtualMachineScaleSets/virtualMachines/read",
      "Microsoft.Compute/virtualMachineScaleSets/virtualMachines/instanceView/read",
      "Microsoft.Compute/galleries/images/versions/read",
      "Microsoft.Compute/locations/usages/read",
      "Microsoft.Insights/autoscaleSettings/read",
      "Microsoft.Insights/autoscaleSettings/write",
      "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action",
      "Microsoft.Network/loadBalancers/read",
      "Microsoft.Network/loadBalancers/write",
      "Microsoft.Network/loadBalancers/backendAddressPools/join/action",
      "Microsoft.Network/loadBalancers/probes/join/action",
      "Microsoft.Network/virtualNetworks/subnets/join/action",
      "Microsoft.Network/virtualNetworks/usages/read",
      "Microsoft.Resources/subscriptions/resourceGroups/read",
    ]
  }

  assignable_scopes = [var.resource_group_id]
}

resource "azurerm_role_assignment" "store" {
  for_each = local.store_rights

  scope                = var.container_ids[each.value.area]
  principal_id         = azurerm_user_assigned_identity.by_role[each.value.role].principal_id
  principal_type       = "ServicePrincipal"
  role_definition_name = each.value.right == "add" ? null : each.value.right
  role_definition_id   = each.value.right == "add" ? azurerm_role_definition.add_blobs.role_definition_resource_id : null
}

resource "azurerm_role_assignment" "measurements" {
  scope              = var.container_ids["control"]
  principal_id       = azurerm_user_assigned_identity.by_role["serving"].principal_id
  principal_type     = "ServicePrincipal"
  role_definition_id = azurerm_role_definition.tell_measurements.role_definition_resource_id
  condition          = local.only_measurements
  condition_version  = "2.0"
}

resource "azurerm_role_assignment" "move_traffic" {
  scope              = var.resource_group_id
  principal_id       = azurerm_user_assigned_identity.by_role["release"].principal_id
  principal_type     = "ServicePrincipal"
  role_definition_id = azurerm_role_definition.move_traffic.role_definition_resource_id
}

# The balancer's rule: nobody but the walker writes where Terraform keeps it.
resource "azurerm_role_assignment" "traffic_state" {
  count = var.traffic_state_id == "" ? 0 : 1

  scope                = var.traffic_state_id
  principal_id         = azurerm_user_assigned_identity.by_role["release"].principal_id
  principal_type       = "ServicePrincipal"
  role_definition_name = local.write
}

resource "azurerm_role_assignment" "pull" {
  for_each = local.roles

  scope                = var.container_registry_id
  principal_id         = azurerm_user_assigned_identity.by_role[each.key].principal_id
  principal_type       = "ServicePrincipal"
  role_definition_name = "AcrPull"
}

resource "azurerm_role_assignment" "publish_metrics" {
  for_each = local.roles

  scope                = var.application_insights_id
  principal_id         = azurerm_user_assigned_identity.by_role[each.key].principal_id
  principal_type       = "ServicePrincipal"
  role_definition_name = "Monitoring Metrics Publisher"
}

resource "azurerm_role_assignment" "sign" {
  for_each = local.signers

  scope                = var.signing_key_ids[each.value.key]
  principal_id         = azurerm_user_assigned_identity.by_role[each.value.role].principal_id
  principal_type       = "ServicePrincipal"
  role_definition_name = "Key Vault Crypto User"
}

resource "azurerm_role_assignment" "read_secret" {
  for_each = local.readers

  scope                = var.secret_ids[each.value.secret]
  principal_id         = azurerm_user_assigned_identity.by_role[each.value.role].principal_id
  principal_type       = "ServicePrincipal"
  role_definition_name = "Key Vault Secrets User"
}
