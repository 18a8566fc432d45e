mock_provider "azurerm" {}

# Azure gives these ids; here they have names that can be told apart.
override_resource {
  target = azurerm_role_definition.add_blobs
  values = { role_definition_resource_id = "/roles/add" }
}

override_resource {
  target = azurerm_role_definition.tell_measurements
  values = { role_definition_resource_id = "/roles/measurements" }
}

override_resource {
  target = azurerm_role_definition.move_traffic
  values = { role_definition_resource_id = "/roles/move" }
}

variables {
  name                    = "flights"
  resource_group_name     = "flights"
  location                = "westeurope"
  resource_group_id       = "/subscriptions/s/resourceGroups/flights"
  container_ids           = { registry = "/c/registry", control = "/c/control", records = "/c/records", reports = "/c/reports" }
  container_registry_id   = "/r/images"
  signing_key_ids         = { registration = "/k/registration", admission = "/k/admission" }
  secret_ids              = { fleet-key = "/s/fleet-key", smtp-password = "/s/smtp-password" }
  secret_readers          = { fleet-key = ["serving"], smtp-password = ["worker"] }
  application_insights_id = "/i/insights"
}

run "serving_machines_read_models_and_only_add_records" {
  command = apply

  assert {
    condition     = toset([for name, right in azurerm_role_assignment.store : "${right.scope} ${right.role_definition_id == "/roles/add" ? "add" : right.role_definition_name}" if startswith(name, "serving-")]) == toset(["/c/registry Storage Blob Data Reader", "/c/control Storage Blob Data Reader", "/c/records add"])
    error_message = "A serving machine reads the registry and the control area and adds records, no more."
  }
  assert {
    condition     = toset(one(azurerm_role_definition.add_blobs.permissions).data_actions) == toset(["Microsoft.Storage/storageAccounts/blobServices/containers/blobs/add/action"])
    error_message = "Adding neither overwrites nor reads nor deletes."
  }
  assert {
    condition     = azurerm_role_assignment.measurements.scope == "/c/control" && azurerm_role_assignment.measurements.role_definition_id == "/roles/measurements" && azurerm_role_assignment.measurements.condition_version == "2.0" && strcontains(azurerm_role_assignment.measurements.condition, "StringLike 'measurements/*'") && strcontains(azurerm_role_assignment.measurements.condition, "StringLike 'machines/*'") && strcontains(azurerm_role_assignment.measurements.condition, "!(ActionMatches{'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write'})")
    error_message = "In the control area a serving machine writes its measurements alone."
  }
}

run "every_right_in_the_store_is_in_the_table" {
  command = apply

  assert {
    condition = toset([for name, right in azurerm_role_assignment.store : "${name} ${right.role_definition_id == "/roles/add" ? "add" : right.role_definition_name}"]) == toset([
      "serving-registry Storage Blob Data Reader",
      "serving-control Storage Blob Data Reader",
      "serving-records add",
      "worker-registry Storage Blob Data Reader",
      "worker-control Storage Blob Data Contributor",
      "worker-records Storage Blob Data Contributor",
      "worker-reports Storage Blob Data Contributor",
      "release-registry Storage Blob Data Reader",
      "release-control Storage Blob Data Contributor",
      "release-reports Storage Blob Data Reader",
      "retrain-registry Storage Blob Data Contributor",
      "retrain-control Storage Blob Data Contributor",
      "retrain-records Storage Blob Data Reader",
    ])
    error_message = "Rights in the store changed: change this list with them, knowingly."
  }
}

run "who_makes_a_version_can_not_admit_it" {
  command = apply

  assert {
    condition     = { for name, right in azurerm_role_assignment.sign : name => "${right.scope} ${right.role_definition_name}" } == { retrain-registration = "/k/registration Key Vault Crypto User", release-admission = "/k/admission Key Vault Crypto User" }
    error_message = "Retraining signs registrations, the release identity signs admissions."
  }
  assert {
    condition     = { for name, one in local.signers : name => "${one.role} ${one.key}" } == { retrain-registration = "retrain registration", release-admission = "release admission" }
    error_message = "Who trains can't let its own model serve."
  }
}

run "the_walker_moves_traffic_and_nothing_else" {
  command = apply

  assert {
    condition     = alltrue([for action in one(azurerm_role_definition.move_traffic.permissions).actions : !strcontains(action, "*") && !strcontains(lower(action), "networksecuritygroups") && !strcontains(lower(action), "authorization") && !strcontains(lower(action), "keyvault") && !endswith(action, "delete")])
    error_message = "No wildcard, no security groups, no role assignments, no vault, no deletion."
  }
  assert {
    condition     = azurerm_role_assignment.move_traffic.scope == "/subscriptions/s/resourceGroups/flights" && azurerm_role_assignment.move_traffic.role_definition_id == "/roles/move"
    error_message = "Within the fleet's own resource group."
  }
}

run "each_secret_has_its_readers" {
  command = apply

  assert {
    condition     = { for name, right in azurerm_role_assignment.read_secret : name => "${right.scope} ${right.role_definition_name}" } == { serving-fleet-key = "/s/fleet-key Key Vault Secrets User", worker-smtp-password = "/s/smtp-password Key Vault Secrets User" }
    error_message = "A role reads the secrets that are named for it, one by one."
  }
  assert {
    condition     = alltrue([for right in azurerm_role_assignment.pull : right.role_definition_name == "AcrPull"])
    error_message = "Machines pull images and never push."
  }
}

run "secrets_have_known_readers" {
  command = plan
  variables {
    secret_readers = { fleet-key = ["everybody"] }
  }
  expect_failures = [var.secret_readers]
}

run "nobody_but_the_walker_writes_where_traffic_is_kept" {
  command = apply
  variables {
    traffic_state_id = "/state/production-traffic"
  }

  assert {
    condition     = azurerm_role_assignment.traffic_state[0].scope == "/state/production-traffic" && azurerm_role_assignment.traffic_state[0].principal_id == azurerm_user_assigned_identity.by_role["release"].principal_id
    error_message = "The identity `release` writes the state of the balancer's rule."
  }
}
