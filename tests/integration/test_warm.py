"""What the local AWS tells from memory is what it would tell if it were asked."""

import pytest

from blindspot.model.snapshot import Topic, Unreadable
from local.accounts import Made, a_compliant_account
from local.aws import LocalAws, local_aws
from tests.integration.reading import calls, look
from tests.scenarios import SCENARIOS, bends
from tests.scenarios.bends import HOME, REGIONS, Bend
from tests.warm import dump, set_up, warm

CHANGES: dict[str, Bend] = {
    "trail": bends.no_logging,
    "event selectors": bends.selecting(bends.READS),
    "metric filter": bends.no_filter,
    "alarm": bends.the_alarm(Threshold=10),
    "actions": bends.the_alarm(ActionsEnabled=False),
    "topic": bends.no_topic,
    "topic policy": bends.the_topic("Policy", bends.policy()),
    "subscription": bends.no_subscription,
    "key": bends.with_the_key_of_sns,
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_told_at_once(small: LocalAws, name: str) -> None:
    made = a_compliant_account(small, region=HOME)
    before = dump(small)
    assert dump(small) == before
    CHANGES[name](small, made)
    assert dump(small) != before


@pytest.mark.parametrize("scenario", SCENARIOS[::25], ids=lambda scenario: scenario.name)
def test_what_is_told_from_memory_is_what_is_held(scenario: bends.Scenario) -> None:
    with local_aws(region=HOME, regions=REGIONS) as aws:
        with warm(aws):
            scenario.seed(aws)
            told = [aws.dump(), dump(aws), aws.dump()]
        assert told == [aws.dump()] * 3


def test_an_account_that_is_taken_out_is_as_it_was_set_up_whatever_others_did_to_theirs() -> None:
    def account(aws: LocalAws) -> Made:
        return set_up(aws, "as somebody set it up", lambda: a_compliant_account(aws, region=HOME))

    with local_aws(region=HOME, regions=REGIONS) as aws:
        made, first = account(aws), aws.dump()
        bends.no_topic(aws, made)
        bends.no_trail(aws, made)
    with local_aws(region=HOME, regions=REGIONS) as aws:
        assert account(aws) == made
        assert aws.dump() == first
        bends.no_alarm(aws, made)
    with local_aws(region=HOME, regions=REGIONS) as aws:
        account(aws)
        assert aws.dump() == first


def test_a_read_from_memory_is_still_a_call_and_still_meets_its_fault(small: LocalAws) -> None:
    made = a_compliant_account(small, region=HOME)
    whole, counted = look(), calls(small)
    small.calls.clear()
    assert (look(), calls(small)) == (whole, counted)
    small.fail("sns:ListSubscriptionsByTopic")
    topic = look().topics[made.topic]
    assert isinstance(topic, Topic)
    assert topic.subscriptions == Unreadable("sns:ListSubscriptionsByTopic", HOME, "AccessDenied", denied=True)
    small.faults.clear()
    assert look() == whole
