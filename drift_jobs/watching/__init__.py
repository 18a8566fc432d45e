"""Graphite: where our metrics are found in it, what is drawn of them, and what is an alarm."""
