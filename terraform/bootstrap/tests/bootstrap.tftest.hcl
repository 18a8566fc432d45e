mock_provider "azurerm" {}

variables {
  name             = "flights"
  location         = "westeurope"
  repository       = "example/picklefleet"
  allowed_prefixes = ["198.51.100.0/24"]
}

run "state_is_reached_by_identities_from_known_places" {
  command = plan

  assert {
    condition     = azurerm_storage_account.state.shared_access_key_enabled == false && azurerm_storage_account.state.local_user_enabled == false
    error_message = "State holds the shape of everything: there is no shared key to it."
  }
  assert {
    condition     = azurerm_storage_account.state.network_rules[0].default_action == "Deny" && toset(azurerm_storage_account.state.network_rules[0].ip_rules) == toset(["198.51.100.0/24"])
    error_message = "Only the named addresses reach the state."
  }
  assert {
    condition     = azurerm_storage_account.state.blob_properties[0].versioning_enabled == true && azurerm_storage_account.state.blob_properties[0].delete_retention_policy[0].days >= 30
    error_message = "A damaged state can be brought back."
  }
  assert {
    condition     = azurerm_storage_account.state.min_tls_version == "TLS1_2" && azurerm_storage_account.state.allow_nested_items_to_be_public == false && azurerm_storage_account.state.infrastructure_encryption_enabled == true
    error_message = "State is encrypted and never public."
  }
}

run "a_pull_request_reads_and_never_writes" {
  command = plan

  assert {
    condition     = alltrue([for name, right in azurerm_role_assignment.state : right.role_definition_name == "Storage Blob Data Reader" if startswith(name, "plan-")])
    error_message = "What a pull request runs may not change state."
  }
  assert {
    condition     = azurerm_federated_identity_credential.by_pipeline["production"].subject == "repo:example/picklefleet:environment:production"
    error_message = "Only jobs of the protected environment sign in as production."
  }
  assert {
    condition     = alltrue([for credential in azurerm_federated_identity_credential.by_pipeline : credential.audience == tolist(["api://AzureADTokenExchange"]) && credential.issuer == "https://token.actions.githubusercontent.com"])
    error_message = "Tokens of the pipelines' own issuer are taken, and no others."
  }
}

run "only_a_protected_environment_changes_anything" {
  command = plan

  assert {
    condition = alltrue([
      for name, subject in local.subjects : endswith(subject.subject, ":environment:${subject.pipeline}")
      if contains(["staging", "production"], subject.pipeline)
    ])
    error_message = "What applies signs in from an environment whose reviewers were asked."
  }
}

run "a_repository_has_an_owner_and_a_name" {
  command = plan
  variables {
    repository = "picklefleet"
  }
  expect_failures = [var.repository]
}

run "no_pipeline_moves_the_balancers_rule" {
  command = plan

  assert {
    condition     = alltrue([for right in local.state_rights : !endswith(right.state, "-traffic")])
    error_message = "Only the release walker writes the state of terraform/traffic."
  }
}
