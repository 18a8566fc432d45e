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

variable "tenant_id" {
  description = "The directory whose identities may be let in."
  type        = string
}

variable "endpoints_subnet_id" {
  description = "The subnet of the private endpoint."
  type        = string
}

variable "vault_private_dns_zone_id" {
  description = "The private DNS zone of the vault."
  type        = string
}

variable "secrets" {
  description = "Name → value. Ephemeral: they pass through into the vault and are in no state and no plan."
  type        = map(string)
  default     = {}
  sensitive   = true
  ephemeral   = true
}

variable "secret_versions" {
  description = "Name → a number that is raised whenever its value shall be written anew. Names here make the secrets."
  type        = map(number)
  default     = {}
}

variable "log_analytics_workspace_id" {
  description = "Where every use of the vault is logged."
  type        = string
}

variable "setup_prefixes" {
  description = "Public address ranges that may reach the vault: of the laptop that makes the first apply, before a runner is there. Empty afterwards."
  type        = list(string)
  default     = []
}
