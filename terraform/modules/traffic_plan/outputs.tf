output "pool" {
  description = "The balancer's pool that the rule belongs to: the live colour, or both during a release; null before the first."
  value       = length(local.live) == 0 ? null : length(local.live) == 2 ? "both" : local.live[0]
}

output "images" {
  description = "Colour → the machine image of its model."
  value       = { for name, colour in var.colours : name => colour.image }

  precondition {
    condition     = length(local.changed_under_load) == 0
    error_message = "The image of ${join(" and ", local.changed_under_load)} would change while machines run: a colour's model changes only at capacity 0. Release to the other colour instead."
  }
}

output "machines" {
  description = "Colour → how many machines it shall have."
  value       = { for name, colour in var.colours : name => colour.machines }

  precondition {
    condition     = length(local.emptied) == 0
    error_message = "${join(" and ", local.emptied)} is live: it can't be emptied."
  }
}

output "canary_share" {
  description = "The share of connections that the smaller of two live colours gets: its share of machines; null with one."
  value = length(local.live) < 2 ? null : (
    min([for name in local.live : var.colours[name].machines]...) / sum([for name in local.live : var.colours[name].machines])
  )
}
