output "log_analytics_workspace_id" {
  description = "The workspace of all logs and metrics."
  value       = azurerm_log_analytics_workspace.logs.id
}

output "application_insights_id" {
  description = "Where metrics are published: the scope of the right to do so."
  value       = azurerm_application_insights.metrics.id
}

output "connection_string" {
  description = "Where the agents send metrics; without an identity it opens nothing."
  value       = azurerm_application_insights.metrics.connection_string
  sensitive   = true
}

output "data_collection_rule_id" {
  description = "What Azure Monitor collects from machines."
  value       = azurerm_monitor_data_collection_rule.machines.id
}

output "action_group_id" {
  description = "Who is told of alerts."
  value       = azurerm_monitor_action_group.people.id
}
