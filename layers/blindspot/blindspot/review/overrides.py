"""The Overrides to set: those in force now, with more exclusions. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from blindspot.model.profile import Exclusion, Profile

LONGEST_OVERRIDES = 3000
"""Characters of the parameter Overrides (template.yaml)."""

_ESCAPED = {'\\"': "\\u0022", "\\\\": "\\u005c"}
"""The escapes of JSON at which SAM ends a parameter's value, and what means the same."""


@dataclass(frozen=True, slots=True)
class InForce:
    """The Overrides that are in force, as far as they go on.

    settings: the keys beside `benign`. entries: of `benign`, as they were given.
    remarks: what was left out of them and why, a sentence each.
    """

    settings: Mapping[str, object]
    entries: tuple[Exclusion, ...]
    remarks: tuple[str, ...]

    def text(self, added: Iterable[Exclusion]) -> str:
        """The JSON object to set, with more exclusions."""
        benign = [exclusion.entry for exclusion in (*self.entries, *added)]
        text = json.dumps({**self.settings, "benign": benign}, separators=(",", ":"), ensure_ascii=False)
        return re.sub(r'\\["\\]', lambda found: _ESCAPED[found[0]], text)


def in_force(profile: Profile, overrides: Mapping[str, object], today: date) -> InForce:
    """What goes on of the Overrides with which the profile was loaded. today: in UTC.

    `benign` replaces the source's exclusions, so these are entries too. An exclusion that has ended is left out. So is
    `pattern`: it is written as it stands, whatever is excluded beside it.
    """
    settings = {key: value for key, value in overrides.items() if key not in ("benign", "pattern")}
    entries = tuple(exclusion for exclusion in profile.exclusions if exclusion.excuses(today))
    remarks = [_ended(exclusion) for exclusion in profile.exclusions if not exclusion.excuses(today)]
    if "pattern" in overrides:
        remarks.append(
            "The key pattern is left out of Overrides: remediation writes that pattern as it stands, without the "
            "exclusions. It writes a pattern of required less benign instead."
        )
    return InForce(settings, entries, tuple(remarks))


def _ended(exclusion: Exclusion) -> str:
    named = f'"{exclusion.reason}"' if exclusion.reason else exclusion.pattern.text
    return f"The exclusion {named} ended on {exclusion.until}. It is left out of Overrides."
