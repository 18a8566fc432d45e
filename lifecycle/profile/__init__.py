"""What the reference looked like, kept as counts over frozen bins: everything a night is compared with."""
