"""What a run of a function does, step by step."""
