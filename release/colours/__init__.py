"""Clients move between colours, whole fleets of another release, as long as the gate says so; and back when it does not."""
