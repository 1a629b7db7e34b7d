"""The name under which others import what CloudTrail writes; `model.cloudtrail_events` has it."""

from blindspot.model.cloudtrail_events import GLOBAL_REGIONS, GLOBAL_SERVICES, ordinary, own_call, records

__all__ = ["GLOBAL_REGIONS", "GLOBAL_SERVICES", "ordinary", "own_call", "records"]
