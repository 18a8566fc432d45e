"""Forty values that security or availability hangs on, each spoilt: the modules' own tests must notice."""

from typing import NamedTuple


class Mutation(NamedTuple):
    """In `place`/`file`, the one occurrence of `good` becomes `bad`."""

    place: str
    file: str
    good: str
    bad: str


STORE, VAULT, SET = "modules/storage", "modules/key_vault", "modules/scale_set"
NETWORK, IDENTITY, MONITOR = "modules/network", "modules/identity", "modules/monitoring"

MUTATIONS = [
    Mutation(
        STORE,
        "main.tf",
        "shared_access_key_enabled         = false",
        "shared_access_key_enabled         = true",
    ),
    Mutation(
        STORE,
        "main.tf",
        "local_user_enabled                = false",
        "local_user_enabled                = true",
    ),
    Mutation(
        STORE,
        "main.tf",
        "public_network_access_enabled     = false",
        "public_network_access_enabled     = true",
    ),
    Mutation(
        STORE,
        "main.tf",
        "allow_nested_items_to_be_public   = false",
        "allow_nested_items_to_be_public   = true",
    ),
    Mutation(STORE, "main.tf", '"TLS1_2"', '"TLS1_0"'),
    Mutation(
        STORE,
        "main.tf",
        "https_traffic_only_enabled        = true",
        "https_traffic_only_enabled        = false",
    ),
    Mutation(
        STORE,
        "main.tf",
        "infrastructure_encryption_enabled = true",
        "infrastructure_encryption_enabled = false",
    ),
    Mutation(STORE, "main.tf", "versioning_enabled = true", "versioning_enabled = false"),
    Mutation(STORE, "main.tf", 'default_action = "Deny"', 'default_action = "Allow"'),
    Mutation(STORE, "main.tf", 'container_access_type = "private"', 'container_access_type = "blob"'),
    Mutation(STORE, "variables.tf", 'default     = "ZRS"', 'default     = "GZRS"'),
    Mutation(STORE, "variables.tf", "default     = 90\n", "default     = 1\n"),
    Mutation(
        VAULT, "main.tf", "purge_protection_enabled      = true", "purge_protection_enabled      = false"
    ),
    Mutation(VAULT, "main.tf", "length(var.setup_prefixes) > 0", "true"),
    Mutation(VAULT, "main.tf", 'bypass         = "None"', 'bypass         = "AzureServices"'),
    Mutation(VAULT, "main.tf", '"EC-HSM"', '"EC"'),
    Mutation(
        VAULT, "main.tf", "rbac_authorization_enabled    = true", "rbac_authorization_enabled    = false"
    ),
    Mutation(SET, "main.tf", 'upgrade_mode           = "Manual"', 'upgrade_mode           = "Rolling"'),
    Mutation(SET, "main.tf", "overprovision          = false", "overprovision          = true"),
    Mutation(
        SET, "main.tf", "encryption_at_host_enabled      = true", "encryption_at_host_enabled      = false"
    ),
    Mutation(
        SET, "main.tf", "secure_boot_enabled             = true", "secure_boot_enabled             = false"
    ),
    Mutation(
        SET, "main.tf", "vtpm_enabled                    = true", "vtpm_enabled                    = false"
    ),
    Mutation(SET, "main.tf", 'timeout = "PT5M"', 'timeout = "PT15M"'),
    Mutation(SET, "main.tf", 'grace_period = "PT30M"', 'grace_period = "PT10M"'),
    Mutation(SET, "main.tf", 'type_handler_version       = "2.0"', 'type_handler_version       = "1.0"'),
    Mutation(SET, "main.tf", "force_deletion_enabled = false", "force_deletion_enabled = true"),
    Mutation(SET, "main.tf", "length(var.zones) > 1", "false"),
    Mutation(SET, "main.tf", "default = var.autoscale.minimum", "default = var.autoscale.maximum"),
    Mutation(SET, "locals.tf", 'window = "PT30M"', 'window = "PT5M"'),
    Mutation(
        NETWORK,
        "main.tf",
        "default_outbound_access_enabled   = false",
        "default_outbound_access_enabled   = true",
    ),
    Mutation(NETWORK, "main.tf", '"NetworkSecurityGroupEnabled"', '"Disabled"'),
    Mutation(NETWORK, "locals.tf", 'from = ["AzureLoadBalancer"]', 'from = ["Internet"]'),
    Mutation(NETWORK, "locals.tf", "from = var.client_prefixes", 'from = ["Internet"]'),
    Mutation(
        NETWORK,
        "locals.tf",
        'name = "nothing-else-out", priority = 4096, direction = "Outbound", access = "Deny"',
        'name = "nothing-else-out", priority = 4096, direction = "Outbound", access = "Allow"',
    ),
    Mutation(
        IDENTITY, "locals.tf", 'area = "records", right = "add"', 'area = "records", right = local.write'
    ),
    Mutation(
        IDENTITY,
        "locals.tf",
        'role = "serving", area = "control", right = local.read',
        'role = "serving", area = "control", right = local.write',
    ),
    Mutation(
        IDENTITY,
        "locals.tf",
        '{ role = "release", key = "admission" }',
        '{ role = "retrain", key = "admission" }',
    ),
    Mutation(
        IDENTITY, "main.tf", "condition          = local.only_measurements", "condition          = null"
    ),
    Mutation(
        MONITOR,
        "main.tf",
        "local_authentication_enabled = false # the",
        "local_authentication_enabled = true # the",
    ),
    Mutation("modules/load_balancer", "main.tf", "number_of_probes    = 2", "number_of_probes    = 20"),
    Mutation(
        "modules/registry",
        "main.tf",
        "admin_enabled                 = false",
        "admin_enabled                 = true",
    ),
    Mutation(
        "modules/image_gallery",
        "main.tf",
        "trusted_launch_enabled              = true",
        "trusted_launch_enabled              = false",
    ),
    Mutation(
        "modules/capacity",
        "main.tf",
        "ceil(local.needed / (var.zones - 1))",
        "ceil(local.needed / var.zones)",
    ),
    Mutation("traffic", "main.tf", "tcp_reset_enabled       = true", "tcp_reset_enabled       = false"),
    Mutation(
        "bootstrap",
        "main.tf",
        "shared_access_key_enabled         = false",
        "shared_access_key_enabled         = true",
    ),
]
