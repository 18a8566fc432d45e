variable "pool" {
  description = "Who gets the clients: `blue`, `green` or `both`. Only the release walker sets it."
  type        = string

  validation {
    condition     = contains(["blue", "green", "both"], var.pool)
    error_message = "`pool` must be blue, green or both."
  }
}

variable "loadbalancer_id" {
  description = "The balancer, from the environment's output `traffic`."
  type        = string
}

variable "frontend_name" {
  description = "The balancer's frontend."
  type        = string
  default     = "clients"
}

variable "pool_ids" {
  description = "Pool (blue, green, both) → its id."
  type        = map(string)

  validation {
    condition     = toset(keys(var.pool_ids)) == toset(["blue", "green", "both"])
    error_message = "`pool_ids` must hold blue, green and both."
  }
}

variable "probe_id" {
  description = "The probe of readiness."
  type        = string
}

variable "service_port" {
  description = "The port that clients call and the edge proxy listens on."
  type        = number
  default     = 443
}
