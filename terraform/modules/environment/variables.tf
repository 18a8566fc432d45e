variable "name" {
  description = "The beginning of every resource's name: 3 to 12 lower-case letters and digits, such as `flightsprod`."
  type        = string
}

variable "location" {
  description = "The Azure region, such as `westeurope`."
  type        = string
}

variable "tenant_id" {
  description = "The directory whose identities may be let in."
  type        = string
}

variable "tags" {
  description = "Tags of every resource."
  type        = map(string)
  default     = {}
}

variable "public" {
  description = "Whether clients come from the Internet."
  type        = bool
  default     = false
}

variable "client_prefixes" {
  description = "Who may call the service: address ranges or one service tag."
  type        = list(string)
}

variable "mail_relay_prefixes" {
  description = "The addresses of the mail relay; empty sends no mail."
  type        = list(string)
  default     = []
}

variable "build_prefixes" {
  description = "Address ranges that service images are pushed from; empty leaves the private endpoint as the only way."
  type        = list(string)
  default     = []
}

variable "zones" {
  description = "The zones of the region that machines are spread over."
  type        = set(string)
  default     = ["1", "2", "3"]
}

variable "peak_requests_per_s" {
  description = "The busiest second to be served, in one-row requests."
  type        = number
}

variable "machine_requests_per_s" {
  description = "What one machine answers at its limit: measured, not guessed."
  type        = number
}

variable "sku" {
  description = "The size of a serving machine."
  type        = string
  default     = "Standard_D2ads_v5"
}

variable "colours" {
  description = "What the release journal says of each colour; `picklefleet release assignments` writes the file."
  type = map(object({
    image         = string
    running_image = optional(string)
    machines      = number
    running       = optional(number, 0)
    live          = optional(bool, false)
    release       = optional(string, "")
  }))
  default = {
    blue  = { image = "", machines = 0 }
    green = { image = "", machines = 0 }
  }
}

variable "worker_image" {
  description = "The machine image that the worker boots, the fleet's own: it is upgraded after the fleet; empty makes none yet."
  type        = string
  default     = ""
}

variable "runner_image" {
  description = "The team's own image of its pipelines' runners, which plan, release and retrain inside the network (decision 41); empty makes none yet."
  type        = string
  default     = ""
}

variable "graphite_image" {
  description = "The team's own image of a Graphite host (decision 41); empty leaves the metrics to Azure Monitor."
  type        = string
  default     = ""
}

variable "settings" {
  description = "Settings by process (docs/settings.md, without PICKLEFLEET_): of the web processes, the agent, the worker. Every process of a machine can read them: no secrets. `KEY_MACHINES` is the fewest machines of a colour unless it is given."
  type = object({
    web    = optional(map(string), {})
    agent  = optional(map(string), {})
    worker = optional(map(string), {})
  })
  default = {}

  validation {
    condition     = alltrue([for name in keys(merge(values(var.settings)...)) : can(regex("^[A-Z][A-Z0-9_]*$", name)) && !can(regex("(KEY|SECRET|PASSWORD|TOKEN|AZURE_MONITOR)$", name))])
    error_message = "Names are like MAIL_TO. Secrets go into the vault (`secrets`), where machines read them by their identity."
  }
}

variable "admin_public_key" {
  description = "An SSH public key. Azure wants one; no rule of the network lets SSH in."
  type        = string
}

variable "secrets" {
  description = "Name → value of the secrets in the vault. Ephemeral: in no state and no plan."
  type        = map(string)
  default     = {}
  sensitive   = true
  ephemeral   = true
}

variable "secret_versions" {
  description = "Name → a number that is raised whenever its value shall be written anew."
  type        = map(number)
  default     = {}
}

variable "alert_emails" {
  description = "Who is told of alerts."
  type        = list(string)
}

variable "monthly_budget" {
  description = "The budget of a month in the subscription's currency."
  type        = number
}

variable "budget_from" {
  description = "The first day of a month, such as 2026-12-01T00:00:00Z."
  type        = string
}

variable "replication" {
  description = "How the store is replicated: ZRS survives a zone, GZRS a region too."
  type        = string
  default     = "ZRS"
}

variable "immutability_locked" {
  description = "Whether the registry's immutability can never be shortened again."
  type        = bool
  default     = false
}

variable "setup_prefixes" {
  description = "Public address ranges that may reach the vault: of the laptop that makes the first apply, before a runner is there. Empty afterwards."
  type        = list(string)
  default     = []
}

variable "traffic_state" {
  description = "Where the state of terraform/traffic lies, from bootstrap's output `backend`: only the release walker writes it. Null leaves that to a later apply."
  type = object({
    storage_account_name = string
    container_name       = string
    key                  = string
    container_id         = string
  })
  default = null
}
