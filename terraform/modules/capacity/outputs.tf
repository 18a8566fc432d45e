output "minimum" {
  description = "Machines of a live colour, always."
  value       = local.minimum

  precondition {
    condition     = local.minimum <= 100
    error_message = "More than 100 machines are needed, the most of a scale set in one placement group: take larger machines or a second region."
  }
}

output "maximum" {
  description = "The most machines that autoscale may make."
  value       = local.maximum
}

output "usual_load" {
  description = "Each machine's share of its limit at the peak while every zone is there (0 to 1)."
  value       = local.usual_load
}

output "load_after_zone_loss" {
  description = "The same after a zone was lost; with one zone, after a machine was lost."
  value       = var.peak_requests_per_s / (var.machine_requests_per_s * (var.zones == 1 ? local.minimum - 1 : local.minimum - local.per_zone))
}
