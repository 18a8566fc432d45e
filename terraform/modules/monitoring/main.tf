resource "azurerm_log_analytics_workspace" "logs" {
  name                         = "${var.name}-logs"
  resource_group_name          = var.resource_group_name
  location                     = var.location
  sku                          = "PerGB2018"
  retention_in_days            = var.retention_days
  local_authentication_enabled = false
  tags                         = var.tags
}

resource "azurerm_application_insights" "metrics" {
  name                         = "${var.name}-metrics"
  resource_group_name          = var.resource_group_name
  location                     = var.location
  application_type             = "web"
  workspace_id                 = azurerm_log_analytics_workspace.logs.id
  local_authentication_enabled = false # the connection string alone lets nobody write
  sampling_percentage          = 100   # metrics arrive aggregated: there is nothing to sample
  tags                         = var.tags
}

resource "azurerm_monitor_data_collection_rule" "machines" {
  name                = "${var.name}-machines"
  resource_group_name = var.resource_group_name
  location            = var.location
  kind                = "Linux"
  tags                = var.tags

  destinations {
    log_analytics {
      name                  = "logs"
      workspace_resource_id = azurerm_log_analytics_workspace.logs.id
    }
  }

  data_sources {
    performance_counter {
      name                          = "machine"
      streams                       = ["Microsoft-Perf"]
      sampling_frequency_in_seconds = 60
      counter_specifiers = [
        "\\Processor(*)\\% Processor Time",
        "\\Memory(*)\\% Used Memory",
        "\\Logical Disk(*)\\% Used Space",
      ]
    }

    syslog {
      name           = "journal"
      streams        = ["Microsoft-Syslog"]
      facility_names = ["auth", "authpriv", "daemon", "kern"]
      log_levels     = ["Warning", "Error", "Critical", "Alert", "Emergency"]
    }
  }

  data_flow {
    streams      = ["Microsoft-Perf", "Microsoft-Syslog"]
    destinations = ["logs"]
  }
}

resource "azurerm_monitor_action_group" "people" {
  name                = "${var.name}-people"
  resource_group_name = var.resource_group_name
  short_name          = substr(var.name, 0, 12)
  tags                = var.tags

  dynamic "email_receiver" {
    for_each = toset(var.alert_emails)

    content {
      name                    = email_receiver.value
      email_address           = email_receiver.value
      use_common_alert_schema = true
    }
  }
}

resource "azurerm_monitor_scheduled_query_rules_alert_v2" "by_question" {
  for_each = local.questions

  name                 = "${var.name}-${each.key}"
  resource_group_name  = var.resource_group_name
  location             = var.location
  description          = each.value.description
  severity             = each.value.severity
  scopes               = [azurerm_log_analytics_workspace.logs.id]
  evaluation_frequency = each.value.frequency
  window_duration      = each.value.window
  enabled              = true
  tags                 = var.tags

  # A rule that mends itself would tell of the same trouble again and again.
  auto_mitigation_enabled = true
  skip_query_validation   = true # the tables are there when the first machine has spoken

  criteria {
    query                   = each.value.query
    time_aggregation_method = "Count"
    operator                = "GreaterThan"
    threshold               = 0

    failing_periods {
      minimum_failing_periods_to_trigger_alert = 1
      number_of_evaluation_periods             = 1
    }
  }

  action {
    action_groups = [azurerm_monitor_action_group.people.id]
  }
}

resource "azurerm_application_insights_workbook" "fleet" {
  name                = uuidv5("dns", "${var.name}.fleet.picklefleet")
  resource_group_name = var.resource_group_name
  location            = var.location
  display_name        = "${var.name}: fleet"
  source_id           = lower(azurerm_log_analytics_workspace.logs.id)
  tags                = var.tags

  data_json = jsonencode({
    version = "Notebook/1.0"
    items = [
      for title, query in {
        "Requests a minute, by class of status" = "AppMetrics | where Name startswith 'picklefleet.requests.' | summarize sum(Sum) by bin(TimeGenerated, 1m), Name | render timechart"
        "Rows a minute"                         = "AppMetrics | where Name == 'picklefleet.rows' | summarize sum(Sum) by bin(TimeGenerated, 1m) | render timechart"
        "Requests by the time they took"        = "AppMetrics | where Name startswith 'picklefleet.request_seconds.' | summarize sum(Sum) by Name | order by Name asc | render barchart"
        "Machines by version served"            = "AppMetrics | where Name startswith 'picklefleet.model_info.' | summarize max(Max) by AppRoleInstance, Name | where max_Max > 0"
        "Memory of web processes"               = "AppMetrics | where Name startswith 'picklefleet.worker_memory_bytes.' | summarize max(Max) by bin(TimeGenerated, 5m), AppRoleInstance | render timechart"
        } : {
        type    = 3
        name    = title
        content = { version = "KqlItem/1.0", title = title, query = query, size = 0, queryType = 0, resourceType = "microsoft.operationalinsights/workspaces" }
      }
    ]
  })
}

resource "azurerm_consumption_budget_resource_group" "month" {
  name              = "${var.name}-month"
  resource_group_id = var.resource_group_id
  amount            = var.monthly_budget
  time_grain        = "Monthly"

  time_period {
    start_date = var.budget_from
  }

  notification {
    operator       = "GreaterThan"
    threshold      = 80
    threshold_type = "Actual"
    contact_emails = var.alert_emails
  }

  notification {
    operator       = "GreaterThan"
    threshold      = 100
    threshold_type = "Forecasted"
    contact_emails = var.alert_emails
  }
}
