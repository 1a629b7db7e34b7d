"""Plain values: what was read from an account, what was found, what is required, what CloudTrail records. Pure."""
