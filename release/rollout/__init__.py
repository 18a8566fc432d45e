"""Traffic moves between model versions, step by step, as long as the gate says so; and back when it does not."""
