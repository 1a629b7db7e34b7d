"""Accounts at AWS's quotas, put into moto's backends without a call.

CloudWatch, CloudWatch Logs, CloudTrail and SNS: "Service quotas" of each service's guide. Of a region's alarms the
default quota is 5,000; a composite alarm's rule names at most 100 alarms, in 10,240 characters.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from copy import copy
from dataclasses import dataclass
from functools import partial
from string import ascii_letters
from typing import Any

from moto.cloudwatch.models import cloudwatch_backends
from moto.logs.models import logs_backends
from moto.sns.models import sns_backends

from local.accounts import CIS, Made, a_compliant_account
from local.aws import LocalAws
from local.aws.extension.ec2 import DEFAULT_REGIONS
from local.bench_account import MORE_REGIONS
from tests.scenarios import bends
from tests.scenarios.bends import HOME, REGIONS

FILTERS, ALARMS, TOPICS, COMPOSITES, CHILDREN = 100, 1_000, 5, 1_300, 100
"""Of a log group; on one metric; of an alarm; of a chain, or of the layers; of a composite alarm."""

ALL_ALARMS, TRAILS, SUBSCRIPTIONS = 5_000, 5, 250_000
"""Of a region; of a region; of a topic."""

ALL_REGIONS = tuple(sorted({*DEFAULT_REGIONS, *MORE_REGIONS}))

Seed = Callable[[LocalAws, Made], object]


@dataclass(frozen=True)
class Account:
    """says: what AWS Config's row may say; where that is `Cannot verify`, the row or the document has `named` in it."""

    seed: Seed
    says: tuple[str, ...]
    named: str = ""
    regions: tuple[str, ...] = REGIONS


C, N, I = "COMPLIANT", "NON_COMPLIANT", "Cannot verify"  # noqa: E741 (as the tables of cases have them)


# Filters, alarms and topics


def filters(aws: LocalAws, made: Made, patterns: Iterable[str], **bent: Any) -> None:
    """One more metric filter of the log group for each pattern, on the same metric."""
    kept = logs_backends[aws.account][made.region].filters
    like = next(one for one in kept.metric_filters if one["filterName"] == made.filter)
    kept.metric_filters += [
        {**like, "filterName": f"filter-{number}", "filterPattern": pattern, **bent}
        for number, pattern in enumerate(patterns)
    ]


def alarms(aws: LocalAws, made: Made, names: Iterable[str], like: str | None = None, **bent: Any) -> None:
    """One more alarm of each name, like the account's."""
    kept = cloudwatch_backends[aws.account][made.region].alarms
    model = kept[like or made.alarm]
    for name in names:
        kept[name] = copy(model)
        arn = model.alarm_arn.removesuffix(model.name) + name
        vars(kept[name]).update({"name": name, "alarm_arn": arn, **bent})


def others(aws: LocalAws, made: Made) -> None:
    """As many alarms on other metrics as the region may have beside those that it has."""
    kept = cloudwatch_backends[aws.account][made.region].alarms
    alarms(aws, made, (f"other-{number}" for number in range(ALL_ALARMS - len(kept))), metric_name="other")


def topics(aws: LocalAws, made: Made, number: int) -> list[str]:
    """So many more topics, each with a subscription that is not confirmed."""
    backend = sns_backends[aws.account][made.region]
    arns = [backend.create_topic(f"topic-{place}").arn for place in range(number)]
    for arn in arns:
        backend.subscribe(arn, "security-team@example.com", "email")
    return arns


def paths(aws: LocalAws, made: Made, *, pattern: str, shared: bool) -> None:
    """Every filter leads to every alarm, and these to topics that nobody has confirmed."""
    filters(aws, made, (pattern.replace("NUMBER", str(number)) for number in range(FILTERS - 1)))
    arns = topics(aws, made, TOPICS if shared else TOPICS * ALARMS)
    for number in range(ALARMS):
        first = 0 if shared else number * TOPICS
        alarms(aws, made, [f"alarm-{number}"], alarm_actions=arns[first : first + TOPICS])
    bends.no_subscription(aws, made)


# Composite alarms


def composites(aws: LocalAws, made: Made, rules: Iterable[tuple[str, str]]) -> None:
    """Composite alarms of these names and rules, of which the last alone acts; the metric alarm does not."""
    bends.composite('ALARM("{alarm}")', name="first", AlarmActions=[])(aws, made)
    name = "first"
    for name, rule in rules:
        alarms(aws, made, [name], like="first", rule=rule)
    cloudwatch_backends[aws.account][made.region].alarms[name].alarm_actions = [made.topic]


def chain(aws: LocalAws, made: Made) -> None:
    names = ["first", *(f"link-{number}" for number in range(COMPOSITES - 1))]
    composites(aws, made, zip(names[1:], (f'ALARM("{name}")' for name in names), strict=False))
    others(aws, made)


def layers(aws: LocalAws, made: Made) -> None:
    """Each alarm of a layer names all of the layer before."""

    def rules() -> Iterable[tuple[str, str]]:
        before = ["first"]
        for layer in range(COMPOSITES // CHILDREN):
            rule = " OR ".join(f'ALARM("{name}")' for name in before)
            before = [f"layer-{layer}-{number}" for number in range(CHILDREN)]
            yield from ((name, rule) for name in before)

    composites(aws, made, rules())
    others(aws, made)


def stopped(seed: Seed) -> Seed:
    """The same behind a trail that does not log."""
    return bends.together(seed, bends.no_logging)


def composite(rule: str) -> Seed:
    """One alarm more that is made to be hard to read, beside one that is right."""

    def seed(aws: LocalAws, made: Made) -> None:
        bends.composite('ALARM("{alarm}")')(aws, made)
        alarms(aws, made, ["hostile"], like="composite", rule=rule.replace("ALARM_NAME", made.alarm))

    return seed


# Trails


def trails(aws: LocalAws, made: Made) -> None:
    """Five in every region, each with its channel, whose subscription is not confirmed."""
    bends.no_trail(aws, made)
    for region in ALL_REGIONS:
        for number in range(TRAILS):
            name = f"trail-{number}"
            a_compliant_account(aws, region=region, name=name, topic=name, multi_region=False, confirmed=False)


# Subscriptions and policies


def subscriptions(aws: LocalAws, made: Made, *, filtered: bool) -> None:
    """The first is confirmed; it, or all, have a filter policy or not."""
    backend = sns_backends[aws.account][made.region]
    if filtered:
        bends.hears({"NewStateValue": ["OK"]})(aws, made)
    (first,) = backend.subscriptions.values()
    listed = [first]
    for number in range(SUBSCRIPTIONS - 1):
        one = copy(first)
        one.arn = f"{first.topic.arn}:{number:08}-0000-0000-0000-000000000000"
        listed.append(one)
    backend.subscriptions.update((one.arn, one) for one in listed)

    def page(topic_arn: str, next_token: str | None = None) -> tuple[Sequence[Any], int | None]:
        """As moto's, which goes through all of them for each page."""
        begin = int(next_token or 0)
        return listed[begin : begin + 100], begin + 100 if begin + 100 < len(listed) else None

    vars(backend)["list_subscriptions_by_topic"] = page


def statements(size: int, last: dict[str, Any]) -> str:
    """A policy of so many bytes: statements that are not for alarms, and one that is."""
    made: list[dict[str, Any]] = []
    while len(bends.policy(*made, last)) < size - 400:
        hostile = {"ArnLike": {"aws:SourceArn": "*a" * 40 + "*"}, "StringLike": {"aws:PrincipalArn": "*b" * 40 + "*"}}
        made.append({**last, "Effect": "Deny", "Principal": {"AWS": "*"}, "Condition": hostile})
    return bends.policy(*made, last)


def policies(aws: LocalAws, made: Made) -> None:
    bends.with_key(bends.USE_KEY)(aws, made)
    sns_backends[aws.account][made.region].topics[made.topic].policy = statements(30_720, bends.CLOUDWATCH)
    attributes = aws.client("sns", made.region).get_topic_attributes(TopicArn=made.topic)["Attributes"]
    aws.client("kms", made.region).put_key_policy(
        KeyId=attributes["KmsMasterKeyId"], PolicyName="default", Policy=statements(32_768, bends.USE_KEY)
    )


# Patterns

PAIRS = (("a", "b"), ("c", "d"), ("e", "f"), ("g", "h"), ("i", "j"), ("k", "l"), ("m", "n"), ("o", "p"))


def wildcards(number: int = 0) -> str:
    """Eight tests such as "*x*y*" on each of nine fields."""
    fields = [letter + ascii_letters[number] for letter in "abcdefghi"]
    return "{$.errorCode=*&&" + "&&".join(f"$.{name}!=*{x}*{y}*" for name in fields for x, y in PAIRS) + "}"


def negative_terms(number: int) -> str:
    """Two hundred terms that must not be in the event."""
    return " ".join(f"-{number}{place:02x}" for place in range(200))


PARENTHESES = "{" + "(" * 330 + '$.errorCode = "AccessDenied*"' + ")" * 330 + "}"


def with_patterns(patterns: Iterable[str], *, alone: bool = False, leading_nowhere: bool = False) -> Seed:
    def seed(aws: LocalAws, made: Made) -> None:
        metric = [{**bends.METRIC, "metricName": "nobody-watches-it"}]
        filters(aws, made, patterns, **({"metricTransformations": metric} if leading_nowhere else {}))
        if alone:
            bends.no_filter(aws, made)

    return seed


ACCOUNTS = {
    "100 filters, 1,000 alarms, 5 topics": Account(partial(paths, pattern=CIS, shared=True), (N,)),
    "100 patterns, 1,000 alarms, 5 topics": Account(
        partial(paths, pattern="{ ($.errorCode = AccessDenied*) && ($.eventName = GetNUMBER) }", shared=True), (N,)
    ),
    "100 filters, 1,000 alarms, 5,000 topics": Account(partial(paths, pattern=CIS, shared=False), (N, I)),
    "a chain of 1,300 composite alarms": Account(chain, (C,)),
    "the chain, behind a stopped trail": Account(stopped(chain), (N,)),
    "13 layers of 100 composite alarms": Account(layers, (C,)),
    "the layers, behind a stopped trail": Account(stopped(layers), (N,)),
    "a composite alarm of 330 parentheses": Account(
        composite("(" * 330 + 'ALARM("ALARM_NAME")' + ")" * 330), (C, I), "hostile"
    ),
    "a composite alarm of 1,100 NOT": Account(composite("NOT " * 1_100 + 'ALARM("ALARM_NAME")'), (C, I), "hostile"),
    "170 trails in 34 regions": Account(trails, (N,), regions=ALL_REGIONS),
    "250,000 subscriptions, the first confirmed": Account(partial(subscriptions, filtered=False), (C,)),
    "250,000 subscriptions, all filtered": Account(partial(subscriptions, filtered=True), (N, I), "sns:"),
    "policies of 30 KB": Account(policies, (C, N, I), "security-alerts"),
    "8 wildcard tests on 9 fields": Account(with_patterns([wildcards()], alone=True), (C, N, I), "filter-0"),
    "the same, beside a right filter": Account(with_patterns([wildcards()]), (C, I), "filter-0"),
    "30 of them, leading nowhere": Account(with_patterns(map(wildcards, range(30)), leading_nowhere=True), (C,)),
    "3 filters of 200 negative terms": Account(
        with_patterns(map(negative_terms, range(3)), alone=True), (C, N, I), "filter-"
    ),
    "a pattern of 330 parentheses": Account(with_patterns([PARENTHESES]), (C, I), "filter-0"),
}


def setting(name: str, aws: LocalAws) -> Callable[[], object]:
    """Sets the account up; nothing is deleted of it."""
    made = a_compliant_account(aws, region=HOME)
    ACCOUNTS[name].seed(aws, made)
    return lambda: None


def largest_rule() -> int:
    """Characters of the longest rule that the layers have."""
    return len(" OR ".join(f'ALARM("layer-{COMPOSITES // CHILDREN}-{number}")' for number in range(CHILDREN)))


def texts() -> dict[str, tuple[int, int]]:
    """How long each text of these accounts is, and how long AWS lets it be."""
    patterns = [*map(wildcards, range(30)), *map(negative_terms, range(3)), PARENTHESES]
    return {
        "filter pattern": (max(map(len, patterns)), 1_024),
        "alarm rule": (max(largest_rule(), 330 * 2 + 60, 4 * 1_100 + 60), 10_240),
        "topic policy": (len(statements(30_720, bends.CLOUDWATCH)), 30_720),
        "key policy": (len(json.dumps(statements(32_768, bends.USE_KEY))), 32_768 * 2),
    }
