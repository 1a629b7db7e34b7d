"""A credible event in place of one that is only possible."""

import pytest

from blindspot.model.cloudtrail_events import records
from blindspot.model.cloudtrail_laws import unlikely
from blindspot.verdict.credible import Unlikely, credible
from filter_pattern import And, Found, Not, Predicate, Proofs, Undecided, parse

RECORDS = records(account="123456789012", region="eu-west-1")
CIS = '($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*")'


def missed(excluding: str, steps: int | None = None) -> Found | Unlikely | Undecided:
    wanted: Predicate = And(parse(f"{{ {CIS} }}"), Not(parse(f"{{ ({CIS}) && {excluding} }}")))
    found = Proofs().find(wanted, RECORDS)
    assert isinstance(found, Found)
    answer = credible(found, wanted, RECORDS, Proofs() if steps is None else Proofs(steps))
    if isinstance(answer, Found):
        assert wanted.matches(answer.event)
        assert unlikely(answer.event, wanted) == ()
    return answer


def test_an_event_that_breaks_laws_gives_way_to_one_that_does_not() -> None:
    assert isinstance(missed('$.sourceIPAddress != "10.*"'), Found)
    assert isinstance(missed('$.userIdentity.arn != "*bob*"'), Found)


def test_without_one_the_laws_that_it_breaks_are_named() -> None:
    answer = missed('($.eventName != "Decrypt" || $.eventSource != "s3.amazonaws.com")')
    assert isinstance(answer, Unlikely)
    assert [law.code for law in answer.broken] == ["event.unlikely"]
    assert answer.event["eventName"] == "Decrypt"


def test_of_events_that_are_not_credible_the_one_that_breaks_least_is_told() -> None:
    name = "$.requestParameters.name"
    answer = missed(f'($.eventSource = "s3*" || $.eventSource = "id*" || {name} NOT EXISTS || {name} = "*")')
    assert isinstance(answer, Unlikely)
    assert answer.event["requestParameters"] == {"name": {}}
    assert [law.code for law in answer.broken] == ["event.parameter"]


def test_what_is_not_documented_is_not_called_unlikely() -> None:
    star = missed('($.errorCode = "*Unauthorized*ion" || $.errorCode = "AccessDenied*")')
    assert isinstance(star, Undecided)
    assert "wildcard" in star.reason


def test_when_the_rounds_are_over_it_is_not_credible(monkeypatch: pytest.MonkeyPatch) -> None:
    excluding = '$.sourceIPAddress != "10.*"'
    monkeypatch.setattr("blindspot.verdict.credible.ROUNDS", 1)
    assert isinstance(missed(excluding), Unlikely)


def test_without_steps_nothing_is_credible() -> None:
    assert not isinstance(missed('$.errorCode != "Throttling*"', steps=0), Found)
