variable "peak_requests_per_s" {
  description = "The busiest second to be served, in one-row requests, with every machine of one zone gone."
  type        = number

  validation {
    condition     = var.peak_requests_per_s > 0
    error_message = "`peak_requests_per_s` must be above 0."
  }
}

variable "machine_requests_per_s" {
  description = "What one machine answers at its limit: measured by `benchmarks/serving.py`, not guessed."
  type        = number

  validation {
    condition     = var.machine_requests_per_s > 0
    error_message = "`machine_requests_per_s` must be above 0."
  }
}

variable "zones" {
  description = "Over how many zones the machines are spread."
  type        = number
  default     = 3

  validation {
    condition     = contains([1, 2, 3], var.zones)
    error_message = "`zones` must be 1, 2 or 3: a region has no more."
  }
}

variable "highest_load" {
  description = "The share of its limit that a machine may be at during the peak after a zone was lost (0 to 1)."
  type        = number
  default     = 0.8

  validation {
    condition     = var.highest_load > 0 && var.highest_load <= 0.9
    error_message = "`highest_load` must be above 0 and at most 0.9: latency explodes as a machine nears its limit."
  }
}

variable "growth" {
  description = "How many times its smallest size autoscale may make the fleet."
  type        = number
  default     = 3

  validation {
    condition     = var.growth >= 1 && var.growth <= 10
    error_message = "`growth` must be between 1 and 10."
  }
}
