"""Is the model still seeing the world of its reference? Counts in, a judged report out; nothing is read or written."""
