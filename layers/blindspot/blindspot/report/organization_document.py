"""The view of an organization as JSON, with every account, for programs. Pure.

docs/organization.schema.json has its shape.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import blindspot
from blindspot.report.organization import ORDER, Account, LeftOut, OrganizationRead, Organized, Shared

SCHEMA = 1


def document(
    view: Organized, read: OrganizationRead, *, refused_calls: int, api_calls: int, duration_ms: int
) -> dict[str, Any]:
    """All of it. `refused_calls` and the others are as in the evaluator's document."""
    return {
        "schema": SCHEMA,
        "version": blindspot.__version__,
        "action": "organization",
        "account": read.own,
        "region": read.region,
        "rule": read.stack,
        "aggregator": read.aggregator,
        "viewed_at": view.viewed_at.isoformat(timespec="seconds"),
        "verdict": view.verdict,
        "summary": view.answer,
        "counts": {verdict or "NOT_ANSWERED": len(view.of(verdict)) for verdict in ORDER},
        "accounts": [_account(account) for account in view.accounts],
        "gaps": [{"verdict": shared.verdict, **_shared(shared)} for shared in view.gaps],
        "not_answered": [_shared(shared) for shared in view.not_answered],
        "left_out": [_left_out(account) for account in view.left_out],
        "refused_calls": refused_calls,
        "api_calls": api_calls,
        "duration_ms": duration_ms,
    }


def _account(account: Account) -> Mapping[str, Any]:
    return {
        "account": account.id,
        "name": account.name,
        "verdict": account.verdict,
        "code": account.code,
        "words": account.words,
        "fix": account.fix,
        "help": account.help,
        "asked_at": account.at.isoformat() if account.at else None,
    }


def _left_out(account: LeftOut) -> Mapping[str, Any]:
    return {"account": account.id, "name": account.name, "code": account.code, "words": account.words}


def _shared(shared: Shared) -> Mapping[str, Any]:
    return {
        "code": shared.code,
        "words": shared.words,
        "fix": shared.fix,
        "help": shared.help,
        "accounts": [account.id for account in shared.accounts],
    }
