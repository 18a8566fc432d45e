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

variable "public" {
  description = "Whether clients come from the Internet; otherwise the balancer has an address of the serving subnet."
  type        = bool
  default     = false
}

variable "subnet_id" {
  description = "The serving subnet: where an internal balancer has its address."
  type        = string
}

variable "probe_port" {
  description = "The port of the edge proxy's probe listener."
  type        = number
  default     = 8081
}

variable "zones" {
  description = "The zones that the address is spread over."
  type        = set(string)
  default     = ["1", "2", "3"]
}
