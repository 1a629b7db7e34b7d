"""How many hours a review may be about. Pure, and quick to import: every function reads events with it."""

USUAL_HOURS = 168
"""Where none are asked for: a week, so that working days and weekends are in it."""

MOST_HOURS = 2_160
"""90 days. Older calls say little of how the account is used now."""
