locals {
  # Both numbers of machines that differ by one zone's share must carry the peak, so scaling out is quick and scaling
  # in is slow: half an hour of calm for each machine that goes.
  scaling = {
    out = { operator = "GreaterThan", threshold = 60, window = "PT5M", direction = "Increase", type = "PercentChangeCount", value = 34, cooldown = "PT5M" }
    in  = { operator = "LessThan", threshold = 25, window = "PT30M", direction = "Decrease", type = "ChangeCount", value = 1, cooldown = "PT30M" }
  }

  tags = merge(var.tags, { "picklefleet-role" = var.role, "picklefleet-release" = var.release })
}
