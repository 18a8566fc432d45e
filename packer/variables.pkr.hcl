variable "version" {
  type        = string
  description = "Of the machine image, as a gallery wants it: 2026.1126.1720, from the commit's date (make bake)."
  default     = "0.0.1"
}

variable "tags" {
  type        = map(string)
  description = "What it was made from: commit, locks, service image."
  default     = {}
}

variable "service_image" {
  type        = string
  description = "The id of the service image that the machine carries: sha256:…"
  default     = "sha256:0000000000000000000000000000000000000000000000000000000000000000"
}

variable "archive" {
  type        = string
  description = "That image as a file here, made by docker save."
  default     = "picklefleet.tar"
}

variable "trust" {
  type        = string
  description = "A folder here with the public keys that machines trust, and nothing else: secrets come at the first boot."
  default     = "trust"
}

variable "certificate" {
  type        = string
  description = "A certificate with its key to check HAProxy's configuration by; it is taken away again, the fleet's comes at the first boot."
  default     = "edge.pem"
}

variable "subscription_id" {
  type    = string
  default = "00000000-0000-0000-0000-000000000000"
}

variable "resource_group" {
  type        = string
  description = "Of the gallery, and of the machine that is baked on."
  default     = "flightsprod"
}

variable "gallery" {
  type    = string
  default = "flightsprodmachines"
}

variable "location" {
  type    = string
  default = "westeurope"
}

variable "regions" {
  type        = list(string)
  description = "Where the image is kept, each in every zone."
  default     = ["westeurope"]
}

variable "client_secret" {
  type        = string
  description = "For Packer 1.6.6 alone, which knows no other way to sign in; today's takes the signed-in `az`."
  default     = ""
  sensitive   = true
}

variable "host_image" {
  type        = string
  description = "Of the local source: a Debian host with systemd in a container (tests/hosts/host.Dockerfile)."
  default     = "picklefleet-host"
}
