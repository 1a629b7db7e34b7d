"""Plain values: what was read of an account, what was found, what is required, and what CloudTrail writes. Pure."""
