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

variable "role" {
  description = "What the machines are: a colour (`blue`, `green`), `worker`, `runner` or `graphite`."
  type        = string

  validation {
    condition     = contains(["blue", "green", "worker", "runner", "graphite"], var.role)
    error_message = "`role` must be blue, green, worker, runner or graphite."
  }
}

variable "release" {
  description = "The release that the machines belong to: a machine reads it from its own tags, never from a pointer that may have moved on."
  type        = string
  default     = ""
}

variable "image_id" {
  description = "The machine image's version. It changes only while the set has no machines."
  type        = string

  validation {
    condition     = can(regex("/versions/[0-9]+\\.[0-9]+\\.[0-9]+$", var.image_id))
    error_message = "`image_id` must name one version of a gallery image (…/versions/1.2.3): `latest` is another machine tomorrow."
  }
}

variable "sku" {
  description = "The size of a machine; it needs a local disk of 32 GB for the system."
  type        = string
  default     = "Standard_D2ads_v5"
}

variable "instances" {
  description = "How many machines there are at first; autoscale and the release walker change it later."
  type        = number
}

variable "zones" {
  description = "The zones that machines are spread over."
  type        = set(string)
  default     = ["1", "2", "3"]
}

variable "subnet_id" {
  description = "The subnet of the machines."
  type        = string
}

variable "pool_ids" {
  description = "The balancer's pools that the machines are in; none for machines that clients do not call."
  type        = list(string)
  default     = []
}

variable "identity_ids" {
  description = "The identities that the machines have: one for each role, with no more than that role's rights."
  type        = list(string)

  validation {
    condition     = length(var.identity_ids) > 0
    error_message = "`identity_ids` must name at least one identity."
  }
}

variable "admin_public_key" {
  description = "An SSH public key. Azure wants one; no rule of the network lets SSH in."
  type        = string
}

variable "user_data" {
  description = "Settings that are no secrets, which the machine reads at boot: every process of it can read them."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for name in keys(var.user_data) : !can(regex("(?i)(key|secret|password|token)$", name))])
    error_message = "`user_data` is readable by every process of a machine: secrets are read from the vault by the machine's identity."
  }
}

variable "watched" {
  description = "Whether the machine tells its health to Azure, which replaces one that stays unhealthy. Machines with an edge proxy do."
  type        = bool
  default     = true
}

variable "probe_port" {
  description = "The port of the listener that tells the machine's health."
  type        = number
  default     = 8081
}

variable "health_path" {
  description = "Where the machine's rich health state is told."
  type        = string
  default     = "/health/azure"
}

variable "autoscale" {
  description = "The bounds of autoscale; null leaves the number of machines to the walker (a colour without clients, a set of one)."
  type = object({
    minimum = number
    maximum = number
  })
  default = null

  validation {
    condition     = var.autoscale == null || try(var.autoscale.minimum >= 2 && var.autoscale.maximum >= var.autoscale.minimum, false)
    error_message = "`autoscale` needs a minimum of 2 or more and a maximum that is not below it."
  }
}

variable "scaling" {
  description = "Whether autoscale acts when it is made. Later only the release walker switches it: off during a release."
  type        = bool
  default     = true
}

variable "data_collection_rule_id" {
  description = "What Azure Monitor collects from the machines."
  type        = string
}

variable "collect" {
  description = "Whether the machines carry Azure Monitor's agent."
  type        = bool
  default     = true
}
