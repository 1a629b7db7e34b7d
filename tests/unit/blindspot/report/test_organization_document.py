"""The view of an organization as JSON: as its schema says, and with every account."""

import json
from dataclasses import replace

import pytest

from blindspot.model.findings import DOUBT_FIXES, FIXES
from blindspot.report.organization import NOT_ANSWERED_FIXES
from blindspot.report.organization_document import document
from tests.cases.organizations import (
    MISSES,
    OWN,
    REGION,
    a_large_organization,
    a_mixed_organization,
    a_named_organization,
    a_row,
    an_id,
    an_organization,
    viewed,
)
from tests.schemas import DOCS, ORGANIZATION

READS = {
    "one account": an_organization(),
    "right": an_organization([a_row(an_id(0))]),
    "silent": an_organization([a_row(an_id(0))], rows={}),
    "mixed": a_mixed_organization(),
    "large": a_large_organization(60),
    "hostile": a_named_organization("\x1b[31m</script>"),
}


@pytest.mark.parametrize("name", READS)
def test_it_is_as_its_schema_says_and_has_every_account(name: str) -> None:
    read = READS[name]
    made = document(viewed(read), read, refused_calls=0, api_calls=7, duration_ms=12)
    ORGANIZATION.validate(made)
    shown = [account["account"] for account in (*made["accounts"], *made["left_out"])]
    assert sorted(shown) == sorted(member.id for member in read.members)
    assert sum(made["counts"].values()) == len(made["accounts"])
    listed = [account for shared in (*made["gaps"], *made["not_answered"]) for account in shared["accounts"]]
    assert len(listed) == len(made["accounts"]) - made["counts"]["COMPLIANT"]


EXCLUDED = "ExcludedAccounts of the organization's rule names it."
CLOSED = "AWS Organizations calls its state CLOSED."


def test_every_field_tells_what_its_name_says() -> None:
    read = replace(a_mixed_organization(), stack="audit", aggregator="whole")
    made = document(viewed(read), read, refused_calls=1, api_calls=7, duration_ms=12)
    fix = "Widen the filter pattern, or add a second metric filter beside it."
    about = {"code": "filter.misses", "fix": fix, "help": "docs/gaps.md#filter-misses"}
    assert made["accounts"][0] == {
        **about,
        "account": an_id(1),
        "name": "account 223",
        "verdict": "NON_COMPLIANT",
        "words": MISSES,
        "asked_at": "2026-11-21T07:00:00+00:00",
    }
    assert made["accounts"][1]["asked_at"] is None
    assert made["gaps"][0] == {
        **about,
        "verdict": "NON_COMPLIANT",
        "words": "the metric filter misses refused calls",
        "accounts": [an_id(1)],
    }
    assert made["not_answered"] == [
        {
            "code": "not-active",
            "words": "AWS Organizations does not call it ACTIVE",
            "fix": "Wait if the account is new. Otherwise finish its activation, or name it in ExcludedAccounts.",
            "help": "docs/organization.md#not-answered",
            "accounts": [an_id(3)],
        }
    ]
    assert made["left_out"] == [
        {"account": an_id(4), "name": "account 226", "code": "excluded", "words": EXCLUDED},
        {"account": an_id(5), "name": "account 227", "code": "suspended", "words": CLOSED},
    ]
    told = ("accounts", "gaps", "not_answered", "left_out", "version", "summary")
    rest = {key: made[key] for key in made if key not in told}
    assert rest == {
        "schema": 1,
        "action": "organization",
        "account": OWN,
        "region": REGION,
        "rule": "audit",
        "aggregator": "whole",
        "viewed_at": "2026-11-21T12:00:00+00:00",
        "verdict": "NON_COMPLIANT",
        "counts": {"NON_COMPLIANT": 1, "NOT_ANSWERED": 1, "INDETERMINATE": 1, "COMPLIANT": 2},
        "refused_calls": 1,
        "api_calls": 7,
        "duration_ms": 12,
    }


def test_the_schema_lists_the_codes() -> None:
    fields = json.loads((DOCS / "organization.schema.json").read_text())["$defs"]
    assert fields["finding"]["enum"] == [*FIXES, *DOUBT_FIXES, None]
    assert fields["reason"]["enum"] == [*NOT_ANSWERED_FIXES]
