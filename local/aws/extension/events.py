"""EventBridge: keeps what is put on a bus, and refuses what is too large (EventBridge API reference, PutEvents)."""

from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.events.models import EventsBackend

LARGEST = 256 * 1024

_put_events = EventsBackend.put_events


def put_events(self: EventsBackend, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if (
        sum(len(str(entry.get(key, "")).encode()) for entry in events for key in ("Source", "DetailType", "Detail"))
        > LARGEST
    ):
        raise JsonRESTError("ValidationException", "Total size of the entries in the request is over the limit.")
    results = _put_events(self, events)
    accepted(self).extend(entry for entry, result in zip(events, results, strict=True) if "EventId" in result)
    return results


def accepted(backend: EventsBackend) -> list[dict[str, Any]]:
    """What was put so far. Kept on moto's backend, so that moto forgets it with everything else."""
    kept: list[dict[str, Any]] = vars(backend).setdefault("accepted", [])
    return kept


METHODS = {EventsBackend: {"put_events": put_events}}
