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

variable "registry_private_dns_zone_id" {
  description = "The private DNS zone of the registry."
  type        = string
}

variable "build_prefixes" {
  description = "Address ranges that images are pushed from; empty leaves the private endpoint as the only way."
  type        = list(string)
  default     = []
}
