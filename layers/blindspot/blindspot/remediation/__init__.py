"""What would close the gaps, what takes it back, and what only a person can do. Pure: `aws.apply` does it."""
