"""Accounts with one thing bent: a way to break each link of the chain, or to set it up oddly and have it hold.

Each begins as `a_compliant_account` and is bent through AWS's own APIs. `why` says what real AWS does with it, which is
what the verdict must follow. `SCENARIOS` has them in the order of the chain.
"""

from tests.scenarios.alarms import ACTIONS, ALARMS, COMPOSITES, MATH
from tests.scenarios.filters import FILTERS, PATTERNS
from tests.scenarios.recording import DELIVERY, LOG_GROUPS, TRAILS
from tests.scenarios.telling import OF_REGIONS, SIEM, SUBSCRIPTIONS, TOPICS

SCENARIOS = (
    *TRAILS,
    *DELIVERY,
    *LOG_GROUPS,
    *PATTERNS,
    *FILTERS,
    *ALARMS,
    *ACTIONS,
    *MATH,
    *COMPOSITES,
    *TOPICS,
    *SUBSCRIPTIONS,
    *SIEM,
    *OF_REGIONS,
)
