mock_provider "azurerm" {}

variables {
  name                = "flights"
  resource_group_name = "flights"
  location            = "westeurope"
  resource_group_id   = "/subscriptions/s/resourceGroups/flights"
  alert_emails        = ["operations@example.org"]
  monthly_budget      = 900
  budget_from         = "2026-12-01T00:00:00Z"
}

run "only_identities_write_metrics_and_logs" {
  command = plan

  assert {
    condition     = azurerm_application_insights.metrics.local_authentication_enabled == false && azurerm_log_analytics_workspace.logs.local_authentication_enabled == false
    error_message = "A connection string that leaks must not let anybody write."
  }
  assert {
    condition     = azurerm_application_insights.metrics.sampling_percentage == 100
    error_message = "Sampled metrics are wrong metrics."
  }
  assert {
    condition     = azurerm_log_analytics_workspace.logs.retention_in_days >= 30
    error_message = "Logs are kept for a month at the least."
  }
}

run "somebody_is_told" {
  command = plan

  assert {
    condition     = one(azurerm_monitor_action_group.people.email_receiver).email_address == "operations@example.org"
    error_message = "Alerts go to the named people."
  }
  assert {
    condition     = toset(keys(azurerm_monitor_scheduled_query_rules_alert_v2.by_question)) == toset(["errors", "slow", "silent", "records-dropped", "report-missing"])
    error_message = "Errors, slowness, silence, lost records and missing reports are asked for."
  }
  assert {
    condition     = alltrue([for alert in azurerm_monitor_scheduled_query_rules_alert_v2.by_question : alert.enabled && alert.criteria[0].threshold == 0 && alert.criteria[0].operator == "GreaterThan"])
    error_message = "Every question is asked, and a row is an alarm."
  }
  assert {
    condition     = azurerm_monitor_scheduled_query_rules_alert_v2.by_question["errors"].evaluation_frequency == "PT1M" && azurerm_monitor_scheduled_query_rules_alert_v2.by_question["errors"].severity <= 1
    error_message = "Errors are told within minutes."
  }
  assert {
    condition     = strcontains(azurerm_monitor_scheduled_query_rules_alert_v2.by_question["slow"].criteria[0].query, "edge_us > 250000")
    error_message = "Slow is what takes longer than the p99 that was set."
  }
  assert {
    condition     = strcontains(azurerm_monitor_scheduled_query_rules_alert_v2.by_question["report-missing"].criteria[0].query, "told == 0 or missing > 0")
    error_message = "Where no worker runs, nobody counts the missing nights: silence is an alarm too."
  }
}

run "money_is_watched" {
  command = plan

  assert {
    condition     = azurerm_consumption_budget_resource_group.month.amount == 900 && toset([for note in azurerm_consumption_budget_resource_group.month.notification : "${note.threshold_type} ${note.threshold}"]) == toset(["Actual 80", "Forecasted 100"])
    error_message = "Four fifths spent, and an overrun in sight, are told."
  }
}

run "an_alert_needs_a_reader" {
  command = plan
  variables {
    alert_emails = []
  }
  expect_failures = [var.alert_emails]
}

run "a_budget_begins_with_a_month" {
  command = plan
  variables {
    budget_from = "2026-12-15T00:00:00Z"
  }
  expect_failures = [var.budget_from]
}
