output "pool" {
  description = "Who gets the clients."
  value       = var.pool
}
