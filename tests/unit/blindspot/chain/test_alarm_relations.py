"""The alarms of one place: which watch a metric, which go to ALARM together, and which hold back others."""

from itertools import permutations
from typing import Any

import pytest

from blindspot.chain.alarm_relations import Alarms, StatefulAlarm, is_part_of_composite
from blindspot.chain.channel import Path
from blindspot.model.findings import HOLDS, Doubt, Finding, Gap
from blindspot.model.snapshot import UNKNOWN_KIND, Alarm, CompositeAlarm, MetricQuery, OtherAlarm
from filter_pattern import equals
from tests.builders import ACCOUNT, HOME, a_composite, a_filter, a_math_alarm, an_alarm
from tests.findings import assert_found

PATH = Path(filter="unauthorized")
WHOLE = Path(filter="unauthorized", alarm="arn")
DOUBTFUL = WHOLE.then(Doubt("alarm.unclear", "a", "Not known."))
SOMETIMES = Path(filter="unauthorized", alarm="arn", scope=equals("eventName", "Decrypt"))
NEVER = WHOLE.then(Gap("alarm.never-fires", "a", "Not on these calls."))
WITHOUT_DATA = WHOLE.then(Gap("filter.value", "a", "Adds 0."))
LATCHES = WHOLE.then(Gap("alarm.latches", "a", "Always."))
NOISE = WHOLE.then(Gap("filter.noise", "a", "Always."))


def arn(name: str) -> str:
    return f"arn:aws:cloudwatch:{HOME}:{ACCOUNT}:alarm:{name}"


def named(name: str, **bent: Any) -> StatefulAlarm:
    return an_alarm(name=name, **bent)


# Which alarms watch a metric.

MATH = a_math_alarm("m1")
OTHERS = a_math_alarm(
    "m1 + m2",
    queries=(
        MetricQuery("e1", returned=True, expression="m1 + m2"),
        MetricQuery("m1", namespace="CISBenchmark", metric="unauthorized_api_calls", statistic="Sum"),
        MetricQuery("m2", namespace="CISBenchmark", metric="logins", statistic="Sum"),
    ),
)


def test_alarms_are_found_by_the_namespace_and_the_name_of_their_metrics() -> None:
    plain, of_user = an_alarm(), an_alarm(name="user", dimensions=(("user", "alice"),))
    others = (an_alarm(name="x", namespace="x"), an_alarm(name="y", metric="y"), a_composite("ALARM(unauthorized)"))
    alarms = Alarms((plain, MATH, *others, OTHERS, of_user, OtherAlarm("o", "query", (("CISBenchmark", "logins"),))))
    assert alarms.watching(a_filter()) == [plain, MATH, OTHERS, of_user]
    assert alarms.watching(a_filter(metric="logins")) == [OTHERS]
    assert alarms.watching(a_filter(namespace="nothing")) == []


def test_an_alarm_that_watches_a_metric_twice_is_found_once() -> None:
    twice = a_math_alarm(
        "m1 + m2",
        queries=tuple(
            MetricQuery(name, namespace="CISBenchmark", metric="unauthorized_api_calls", statistic="Sum", period=period)
            for name, period in (("m1", 60), ("m2", 300))
        ),
    )
    assert Alarms((twice,)).watching(a_filter()) == [twice]


# Which composite alarms go to ALARM.


def reached(
    *composites: CompositeAlarm,
    firing: dict[StatefulAlarm, Path] | None = None,
    fed: dict[str, bool] | None = None,
    beside: tuple[Alarm, ...] = (),
) -> dict[str, Finding]:
    """By their names, the composite alarms to which the alarm `a` leads, and what is found of each."""
    firing = {named("a"): WHOLE} if firing is None else firing
    fed = {alarm.arn: True for alarm in firing} if fed is None else fed
    paths = Alarms((*firing, *beside, *composites)).composite_paths(PATH, firing, fed)
    assert all(path.filter == "unauthorized" and path.alarm == alarm.arn for alarm, path in paths.items())
    return {alarm.arn.split(":")[-1]: path.gap or next(iter(path.doubts), HOLDS) for alarm, path in paths.items()}


def code(finding: Finding) -> str:
    return "holds" if finding is HOLDS else f"{type(finding).__name__} {finding.code}"


def codes(found: dict[str, Finding]) -> dict[str, str]:
    return {name: code(finding) for name, finding in found.items()}


@pytest.mark.parametrize("rule", ["ALARM(b)", "ALARM(b) AND NOT ALARM(c)", "OK(ab)"])
def test_a_composite_alarm_that_names_no_alarm_on_the_metric_is_not_reached(rule: str) -> None:
    assert reached(a_composite(rule)) == {}
    assert reached(a_composite("ALARM(a)"), firing={}) == {}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (WHOLE, {"composite": "holds"}),
        (DOUBTFUL, {"composite": "Doubt alarm.unclear"}),
        (SOMETIMES, {"composite": "Doubt alarm.unclear"}),
        (NEVER, {}),
        (LATCHES, {}),
        (NOISE, {}),
    ],
)
def test_a_composite_alarm_fires_as_surely_as_the_alarm_that_it_names(path: Path, expected: dict[str, str]) -> None:
    assert codes(reached(a_composite("ALARM(a)"), firing={named("a"): path})) == expected


def test_a_composite_of_composites_is_reached_in_whatever_order_they_are_listed() -> None:
    inner = a_composite("ALARM(a)", name="inner")
    middle = a_composite("ALARM(inner)", name="middle")
    outer = a_composite("ALARM(middle) OR ALARM(b)", name="outer")
    away = a_composite("ALARM(b)", name="away")
    for order in permutations((inner, middle, outer, away)):
        assert codes(reached(*order)) == dict.fromkeys(("inner", "middle", "outer"), "holds")


def test_a_composite_alarm_that_does_not_fire_leads_no_further() -> None:
    inner = a_composite("ALARM(a) AND ALARM(b)", name="inner")
    outer = a_composite("ALARM(inner)", name="outer")
    assert codes(reached(outer, inner)) == {"inner": "Gap alarm.insensitive"}


def test_composite_alarms_that_name_each_other_come_to_an_end() -> None:
    one, two = a_composite("ALARM(a) OR ALARM(two)", name="one"), a_composite("ALARM(one)", name="two")
    assert codes(reached(two, one)) == {"one": "holds", "two": "holds"}


BOTH = a_composite("ALARM(a) AND ALARM(b)")
EITHER = a_composite("ALARM(a) OR ALARM(b)")
NOT_B = a_composite("ALARM(a) AND NOT ALARM(b)")

BESIDE = {
    "b fires too": ({named("b"): WHOLE}, "holds", "holds", "Gap alarm.insensitive"),
    "b may fire too": ({named("b"): DOUBTFUL}, "Doubt alarm.unclear", "holds", "Doubt alarm.unclear"),
    "b counts some": ({named("b"): SOMETIMES}, "Doubt alarm.unclear", "holds", "Doubt alarm.unclear"),
    "b does not fire on these calls": ({named("b"): NEVER}, "Gap alarm.insensitive", "holds", "Doubt alarm.unclear"),
    "b has no data": ({named("b"): WITHOUT_DATA}, "Gap alarm.insensitive", "holds", "holds"),
    "b stays in ALARM": ({named("b"): LATCHES}, "Doubt alarm.unclear", "Doubt alarm.unclear", "Doubt alarm.unclear"),
    "b is kept in ALARM": ({named("b"): NOISE}, "Doubt alarm.unclear", "Doubt alarm.unclear", "Doubt alarm.unclear"),
}


@pytest.mark.parametrize("name", BESIDE)
def test_another_alarm_on_the_metric_takes_part_in_the_rule(name: str) -> None:
    others, *expected = BESIDE[name]
    firing = {named("a"): WHOLE, **others}
    assert [code(reached(composite, firing=firing)["composite"]) for composite in (BOTH, EITHER, NOT_B)] == expected


ELSEWHERE = {
    "b is on no metric of a filter": ({}, "OK", "Gap alarm.insensitive", "holds", "holds"),
    "b may fire too": ({arn("b"): True}, "OK", "Doubt alarm.unclear", "holds", "Doubt alarm.unclear"),
    "b may stay in ALARM": (
        {arn("b"): False},
        "OK",
        "Doubt alarm.unclear",
        "Doubt alarm.unclear",
        "Doubt alarm.unclear",
    ),
    "b is in ALARM": ({}, "ALARM", "Doubt alarm.unclear", "Doubt alarm.unclear", "Doubt alarm.unclear"),
    "b has no data": ({}, "INSUFFICIENT_DATA", "Gap alarm.insensitive", "holds", "holds"),
}


@pytest.mark.parametrize("name", ELSEWHERE)
def test_an_alarm_on_another_metric_takes_part_in_the_rule(name: str) -> None:
    fed, state, *expected = ELSEWHERE[name]
    beside = (named("b", metric="other", state=state),)
    found = [reached(composite, fed={arn("a"): True, **fed}, beside=beside) for composite in (BOTH, EITHER, NOT_B)]
    assert [code(each["composite"]) for each in found] == expected


def test_an_alarm_that_never_fires_is_not_taken_to_be_in_alarm() -> None:
    firing = {named("a"): WHOLE, named("b", state="ALARM"): NEVER}
    fed = {arn("a"): True, arn("b"): False}
    assert codes(reached(EITHER, firing=firing, fed=fed)) == {"composite": "holds"}


def test_that_an_alarm_is_in_alarm_now_does_not_keep_it_from_firing_again() -> None:
    firing = {named("a", state="ALARM"): WHOLE}
    assert codes(reached(a_composite("ALARM(a)"), firing=firing)) == {"composite": "holds"}


def test_an_alarm_is_part_of_a_composite_alarm_that_names_it() -> None:
    alarm = an_alarm(name="a")
    assert is_part_of_composite(alarm, [alarm, a_composite("ALARM(b) OR ALARM(a)")])
    assert not is_part_of_composite(alarm, [alarm, an_alarm(name="b"), a_composite("ALARM(b)")])


# Which alarms suppress the actions of others.

COMPOSITE = a_composite("ALARM(a)", suppressor="s")


def suppression(
    *others: Alarm,
    alarm: StatefulAlarm = COMPOSITE,
    firing: dict[StatefulAlarm, Path] | None = None,
    fed: tuple[str, ...] = (),
) -> Finding:
    return Alarms((alarm, *others)).check_suppressor(alarm, firing or {}, fed)


def test_an_alarm_without_a_suppressor_is_not_suppressed() -> None:
    beside = an_alarm(name="s", state="ALARM")
    assert suppression(beside, alarm=an_alarm()) is HOLDS
    assert suppression(beside, alarm=a_composite("ALARM(a)")) is HOLDS


@pytest.mark.parametrize("suppressor", ["s", arn("s")], ids=["by name", "by ARN"])
@pytest.mark.parametrize(
    ("state", "path", "is_fed", "expected"),
    [
        ("OK", None, False, "holds"),
        ("INSUFFICIENT_DATA", None, False, "holds"),
        ("ALARM", None, False, "Gap alarm.muted"),
        ("OK", WHOLE, True, "Gap alarm.muted"),
        ("OK", DOUBTFUL, True, "Doubt alarm.muted"),
        ("OK", SOMETIMES, True, "Doubt alarm.muted"),
        ("OK", NEVER, True, "Doubt alarm.muted"),
        ("OK", WITHOUT_DATA, True, "holds"),
        ("OK", None, True, "Doubt alarm.muted"),
        ("ALARM", NEVER, True, "Gap alarm.muted"),
        (None, None, False, "Doubt alarm.muted"),
    ],
)
def test_a_suppressor_holds_back_actions_while_it_is_in_alarm(
    suppressor: str, state: str | None, path: Path | None, is_fed: bool, expected: str
) -> None:
    alarm = a_composite("ALARM(a)", suppressor=suppressor)
    others = [named("s", state=state)] if state else []
    firing = {named("a"): WHOLE, named("t"): WHOLE, **{other: path for other in others if path}}
    found = suppression(*others, alarm=alarm, firing=firing, fed=(arn("s"), arn("a")) if is_fed else (arn("a"),))
    assert code(found) == expected
    if isinstance(found, Gap | Doubt):
        assert_found(found, type(found), "alarm.muted", alarm.arn, "composite", " s ")
        assert arn("s") not in found.message


# Which alarms are not worked out.


def an_other(name: str, kind: str = "query", **bent: Any) -> OtherAlarm:
    return OtherAlarm(arn(name), kind, **bent)


def test_alarms_that_are_not_worked_out_are_found_by_what_they_refer_to() -> None:
    unknown = an_other("unknown", UNKNOWN_KIND)
    band = an_other("band", "band", metrics=(("x", "y"), ("CISBenchmark", "unauthorized_api_calls")))
    names_metric = an_other("metric", mentions="SUM(unauthorized_api_calls)")
    names_alarm = an_other("alarm", mentions='"firing"')
    away = (
        an_other("away", metrics=(("Other", "unauthorized_api_calls"), ("CISBenchmark", "other"))),
        an_other("none", mentions="logins, resting"),
    )
    alarms = Alarms((*away, unknown, band, names_metric, names_alarm, an_alarm(name="firing")))
    assert alarms.referring(a_filter(), [arn("firing")]) == [unknown, band, names_metric, names_alarm]
    assert alarms.referring(a_filter(), []) == [unknown, band, names_metric]


def test_alarms_that_mention_a_log_group_are_found_by_its_name() -> None:
    first, second = an_other("first", mentions="SOURCE 'a' 'b'"), an_other("second", mentions="SOURCE 'c'")
    alarms = Alarms((an_alarm(), first, second))
    assert alarms.mentioning({"b", "x"}) == [first]
    assert alarms.mentioning({"a", "c"}) == [first, second]
    assert alarms.mentioning(()) == []
