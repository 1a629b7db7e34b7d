"""A short name for `model.cloudtrail_events`, for code outside this project."""

from blindspot.model.cloudtrail_events import GLOBAL_REGIONS, GLOBAL_SERVICES, ordinary, own_call, records

__all__ = ["GLOBAL_REGIONS", "GLOBAL_SERVICES", "ordinary", "own_call", "records"]
