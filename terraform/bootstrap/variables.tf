variable "name" {
  description = "The beginning of every resource's name: 3 to 12 lower-case letters and digits."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{2,11}$", var.name))
    error_message = "`name` must be 3 to 12 lower-case letters and digits, a letter first: storage accounts allow no more."
  }
}

variable "location" {
  description = "The Azure region."
  type        = string
}

variable "repository" {
  description = "The GitHub repository whose workflows may sign in, such as `example/picklefleet`."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$", var.repository))
    error_message = "`repository` must be owner/name."
  }
}

variable "allowed_prefixes" {
  description = "Public address ranges that may reach the state: the pipelines' runners and the laptop of this first run."
  type        = list(string)
}

variable "tags" {
  description = "Tags of every resource."
  type        = map(string)
  default     = {}
}
