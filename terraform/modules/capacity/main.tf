# Static stability: the machines that are left after a zone is lost carry the peak, and nothing needs to scale for it.
locals {
  needed = ceil(var.peak_requests_per_s / (var.machine_requests_per_s * var.highest_load))

  # One zone has none to spare; two machines are then the least that survives the loss of one.
  per_zone = var.zones == 1 ? max(2, local.needed + 1) : ceil(local.needed / (var.zones - 1))
  minimum  = local.per_zone * var.zones
  maximum  = min(100, ceil(local.minimum * var.growth))

  usual_load = var.peak_requests_per_s / (local.minimum * var.machine_requests_per_s)
}
