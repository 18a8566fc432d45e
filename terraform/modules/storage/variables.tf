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

variable "endpoints_subnet_id" {
  description = "The subnet of the private endpoint."
  type        = string
}

variable "blob_private_dns_zone_id" {
  description = "The private DNS zone of blobs."
  type        = string
}

variable "replication" {
  description = "ZRS survives a zone, GZRS a region too."
  type        = string
  default     = "ZRS"

  validation {
    condition     = contains(["ZRS", "GZRS", "RAGZRS"], var.replication)
    error_message = "`replication` must be ZRS, GZRS or RAGZRS: the store must survive the loss of a zone."
  }
}

variable "recover_days" {
  description = "For how many days what was deleted or overwritten can be brought back."
  type        = number
  default     = 30

  validation {
    condition     = var.recover_days >= 14 && var.recover_days <= 365
    error_message = "`recover_days` must be between 14 and 365."
  }
}

variable "immutable_days" {
  description = "For how many days a bundle can be neither changed nor deleted by anybody."
  type        = number
  default     = 90
}

variable "immutability_locked" {
  description = "Whether that period can never be shortened again. Production locks it; a locked container can't be destroyed."
  type        = bool
  default     = false
}

variable "records_cool_after_days" {
  description = "After how many days records move to the cool tier: drift and retraining read the last 90."
  type        = number
  default     = 120
}

variable "log_analytics_workspace_id" {
  description = "Where reads, writes and deletions of the store are logged."
  type        = string
}
