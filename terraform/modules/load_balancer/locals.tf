locals {
  # A machine is in its colour's pool and in `both`; the one rule (terraform/traffic) points at one of the three.
  pools    = toset(["blue", "green", "both"])
  frontend = "clients"
}
