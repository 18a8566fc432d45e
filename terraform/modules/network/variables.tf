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

variable "address_space" {
  description = "The network's own addresses, a /20 or larger; the subnets are cut from it."
  type        = string
  default     = "10.60.0.0/20"

  validation {
    condition     = can(cidrhost(var.address_space, 0)) && tonumber(split("/", var.address_space)[1]) <= 20
    error_message = "`address_space` must be an IPv4 range of /20 or larger, such as 10.60.0.0/20."
  }
}

variable "client_prefixes" {
  description = "Who may call the service: address ranges or one service tag. `[\"Internet\"]` opens it to everybody who has an API key."
  type        = list(string)

  validation {
    condition     = length(var.client_prefixes) > 0 && !contains(var.client_prefixes, "*")
    error_message = "`client_prefixes` must name who may call; write [\"Internet\"] where that is everybody."
  }
}

variable "service_port" {
  description = "The port of the edge proxy for clients."
  type        = number
  default     = 443
}

variable "probe_port" {
  description = "The port of the edge proxy's probe listener."
  type        = number
  default     = 8081
}

variable "mail_relay_prefixes" {
  description = "The addresses of the mail relay that takes the nightly report on port 587; empty sends no mail."
  type        = list(string)
  default     = []
}

variable "zones" {
  description = "The zones that the way out is spread over."
  type        = set(string)
  default     = ["1", "2", "3"]

  validation {
    condition     = length(var.zones) > 0
    error_message = "`zones` must name at least one zone."
  }
}
