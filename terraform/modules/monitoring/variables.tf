variable "name" {
  description = "The beginning of every resource's name: 3 to 12 lower-case letters and digits, such as `flightsprod`."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{2,11}$", var.name))
    error_message = "`name` must be 3 to 12 lower-case letters and digits, a letter first: storage accounts allow no more."
  }
}

variable "resource_group_name" {
  description = "The resource group that holds everything."
  type        = string
}

variable "location" {
  description = "The Azure region, such as `westeurope`."
  type        = string
}

variable "tags" {
  description = "Tags of every resource."
  type        = map(string)
  default     = {}
}

variable "resource_group_id" {
  description = "The resource group: what the budget counts."
  type        = string
}

variable "alert_emails" {
  description = "Who is told of alerts."
  type        = list(string)

  validation {
    condition     = length(var.alert_emails) > 0
    error_message = "`alert_emails` must name somebody: an alert that nobody gets is none."
  }
}

variable "monthly_budget" {
  description = "The budget of a month in the subscription's currency; told at 80 % of it and when 100 % is forecast."
  type        = number

  validation {
    condition     = var.monthly_budget > 0
    error_message = "`monthly_budget` must be above 0."
  }
}

variable "budget_from" {
  description = "The first day of a month, such as 2026-12-01T00:00:00Z: a budget begins with one."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{4}-[0-9]{2}-01T00:00:00Z$", var.budget_from))
    error_message = "`budget_from` must be the first of a month, such as 2026-12-01T00:00:00Z."
  }
}

variable "retention_days" {
  description = "How long logs are kept."
  type        = number
  default     = 90

  validation {
    condition     = var.retention_days >= 30 && var.retention_days <= 730
    error_message = "`retention_days` must be between 30 and 730."
  }
}

variable "p99_ms" {
  description = "The slowest 99th percentile of a prediction that is still good."
  type        = number
  default     = 250
}
