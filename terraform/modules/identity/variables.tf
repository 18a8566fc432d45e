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
  description = "The resource group: where the fleet's own roles are defined."
  type        = string
}

variable "container_ids" {
  description = "Area of the store (registry, control, records, reports) → container."
  type        = map(string)
}

variable "container_registry_id" {
  description = "The registry of service images."
  type        = string
}

variable "signing_key_ids" {
  description = "Role (registration, admission) → the key in the vault."
  type        = map(string)
}

variable "secret_ids" {
  description = "Name → the secret in the vault."
  type        = map(string)
  default     = {}
}

variable "secret_readers" {
  description = "Name of a secret → the roles that may read it."
  type        = map(set(string))
  default     = {}

  validation {
    condition     = alltrue([for roles in values(var.secret_readers) : length(setsubtract(roles, ["serving", "worker", "release", "retrain"])) == 0])
    error_message = "Secrets are read by serving, worker, release or retrain."
  }
}

variable "application_insights_id" {
  description = "Where metrics are published."
  type        = string
}

variable "traffic_state_id" {
  description = "The container with the state of terraform/traffic; empty grants nothing yet."
  type        = string
  default     = ""
}
