# The one rule of the balancer, and nothing else: a change of colour is one update in place of its pool.
resource "azurerm_lb_rule" "service" {
  name                           = "service"
  loadbalancer_id                = var.loadbalancer_id
  frontend_ip_configuration_name = var.frontend_name
  protocol                       = "Tcp"
  frontend_port                  = var.service_port
  backend_port                   = var.service_port
  backend_address_pool_ids       = [var.pool_ids[var.pool]]
  probe_id                       = var.probe_id

  idle_timeout_in_minutes = 4    # the edge proxy closes idle connections after 30 s: it is always first
  tcp_reset_enabled       = true # an idle flow that is given up says so, instead of swallowing the next request
  disable_outbound_snat   = true # the NAT gateway is the way out

  lifecycle {
    prevent_destroy = true
  }
}
