"""The HAProxy of a machine: its configuration, its admission flag and weights, and the order of a drain."""
