"""The alarms of one place as a graph: which go to ALARM together, and which hold back others."""

from collections.abc import Iterator
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blindspot.chain import composite_alarm
from blindspot.chain.alarm_graph import AlarmGraph, Outcome, Walk, numbers_in, union
from blindspot.languages.alarm_rule import evaluate
from blindspot.languages.three_valued import Truth
from blindspot.model.findings import HOLDS, Doubt, Finding, Gap
from blindspot.model.snapshot import UNKNOWN_KIND, Alarm, CompositeAlarm, MetricQuery, OtherAlarm
from tests.builders import ACCOUNT, HOME, a_composite, a_math_alarm, an_alarm
from tests.findings import assert_found

FIRES, MAY_FIRE, STAYS, ON_MORE, OFF = Outcome
METRIC = ("CISBenchmark", "unauthorized_api_calls")


def arn(name: str) -> str:
    return f"arn:aws:cloudwatch:{HOME}:{ACCOUNT}:alarm:{name}"


# Which alarms watch a metric.

OTHERS = a_math_alarm(
    "m1 + m2",
    queries=(
        MetricQuery("e1", returned=True, expression="m1 + m2"),
        MetricQuery("m1", namespace="CISBenchmark", metric="unauthorized_api_calls", statistic="Sum"),
        MetricQuery("m2", namespace="CISBenchmark", metric="logins", statistic="Sum"),
        MetricQuery("m3", namespace="CISBenchmark", metric="logins", statistic="Sum", period=60),
    ),
)


def test_alarms_are_found_by_the_namespace_and_the_name_of_their_metrics() -> None:
    away = (an_alarm(name="x", namespace="x"), an_alarm(name="y", metric="y"), a_composite("ALARM(unauthorized)"))
    other = OtherAlarm("o", "query", (("CISBenchmark", "logins"),))
    graph = AlarmGraph(
        (an_alarm(), a_math_alarm("m1"), *away, OTHERS, an_alarm(name="z", dimensions=(("u", "a"),)), other)
    )
    assert list(graph.watching(METRIC)) == [0, 1, 5, 6]
    assert list(graph.watching(("CISBenchmark", "logins"))) == [5]
    assert list(graph.watching(("nothing", "logins"))) == []


# Which composite alarms name which alarms.


@pytest.mark.parametrize(
    ("rule", "named"),
    [
        ("ALARM(a)", {"a"}),
        (f'NOT ALARM("{arn("a")}")', {"a"}),
        ("ALARM(c) OR OK(a) AND ALARM(nowhere)", {"a", "c"}),
        ("ALARM(ca)", {"ca"}),
        ("AT_LEAST(2, ALARM, (ca, x))", {"ca"}),
        ("SOME_OF(2, ALARM, (c, x))", {"c"}),
        ("SOME_OF(2, ALARM, (ca, x))", {"a", "c", "ca"}),
        ("free text", set()),
    ],
)
def test_which_alarms_a_composite_alarm_names(rule: str, named: set[str]) -> None:
    names = ("a", "b", "c", "ca")
    graph = AlarmGraph((a_composite(rule), *(an_alarm(name=name) for name in names)))
    assert {names[number - 1] for number in graph.named_by[0]} == named - {"b"}
    assert {number: list(naming) for number, naming in graph.naming.items()} == {n: [0] for n in graph.named_by[0]}


def test_what_leads_from_an_alarm() -> None:
    rules = {"top": "ALARM(one)", "one": "ALARM(a) OR ALARM(two)", "two": "ALARM(one)", "away": "ALARM(b)"}
    composites = [a_composite(rule, name=name) for name, rule in rules.items()]
    graph = AlarmGraph((*composites, an_alarm(name="a"), an_alarm(name="b")))
    assert sorted(graph.leading_from([4])) == [0, 1, 2, 4]
    assert sorted(graph.leading_from([5])) == [3, 5]
    assert graph.leading_from([]) == []


def test_which_alarms_matter_to_others() -> None:
    graph = AlarmGraph(
        (an_alarm(name="a"), an_alarm(name="b"), an_alarm(name="s"), a_composite("ALARM(b)", suppressor="s"))
    )
    assert graph.mattering_to_others() == {1, 2}


def test_composite_alarms_come_after_those_that_they_name_and_cycles_together() -> None:
    rules = {
        "a": "ALARM(b) OR ALARM(e)",
        "b": "ALARM(c)",
        "c": "ALARM(d)",
        "d": "ALARM(b)",
        "e": "ALARM(e)",
        "f": "TRUE",
    }
    for order in permutations(rules, len(rules)):
        graph = AlarmGraph(a_composite(rules[name], name=name) for name in order)
        found = [frozenset(order[number] for number in together) for together in graph.in_order()]
        assert sorted(map(sorted, found)) == [["a"], ["b", "c", "d"], ["e"], ["f"]]
        assert found.index(frozenset("a")) > found.index(frozenset("bcd"))
        assert found.index(frozenset("a")) > found.index(frozenset("e"))


# What goes to ALARM.


def walk(
    *composites: Alarm, firing: dict[str, Outcome], company: dict[str, bool] | None = None, **states: str
) -> tuple[Walk, AlarmGraph]:
    """One case, in which alarms on metrics have these outcomes. company: those that get data, and whether they return
    to OK; these are all on metrics if nothing else is given. states: of alarms now."""
    company = dict.fromkeys(firing, True) if company is None else company
    names = dict.fromkeys([*firing, *company, *states])
    graph = AlarmGraph((*(an_alarm(name=name, state=states.get(name, "OK")) for name in names), *composites))
    number = {name: graph.called(name)[0] for name in names}
    outcomes = {number[name]: {outcome: 1} for name, outcome in firing.items()}
    return Walk(graph, 1, outcomes, {number[name]: returns for name, returns in company.items()}), graph


def reached(*composites: CompositeAlarm, **given: Any) -> dict[str, str]:
    """By their names, the composite alarms that are reached, and what is found of each."""
    found, graph = walk(*composites, **given)
    findings = {graph.alarms[number].arn: list(found.findings(number)) for number in graph.composites}
    assert all(len(each) <= 1 for each in findings.values())
    return {name.split(":")[-1]: code(finding) for name, each in findings.items() for finding, _ in each}


def code(finding: Finding) -> str:
    return "holds" if finding is HOLDS else f"{type(finding).__name__} {finding.code}"


@pytest.mark.parametrize("rule", ["ALARM(b)", "ALARM(b) AND NOT ALARM(c)", "OK(ab)"])
def test_a_composite_alarm_that_names_no_alarm_on_the_metric_is_not_reached(rule: str) -> None:
    assert reached(a_composite(rule), firing={"a": FIRES}) == {}
    assert reached(a_composite("ALARM(a)"), firing={}, company={"a": True}) == {}


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (FIRES, {"composite": "holds"}),
        (MAY_FIRE, {"composite": "Doubt alarm.unclear"}),
        (STAYS, {}),
        (ON_MORE, {}),
        (OFF, {}),
    ],
)
def test_a_composite_alarm_fires_as_surely_as_the_alarm_that_it_names(
    outcome: Outcome, expected: dict[str, str]
) -> None:
    assert reached(a_composite("ALARM(a)"), firing={"a": outcome}) == expected


def test_a_composite_of_composites_is_reached_in_whatever_order_they_are_listed() -> None:
    inner = a_composite("ALARM(a)", name="inner")
    middle = a_composite("ALARM(inner) AND ALARM(a)", name="middle")
    outer = a_composite("ALARM(middle) OR ALARM(b)", name="outer")
    never = a_composite("ALARM(a) AND NOT ALARM(inner)", name="never")
    away = a_composite("ALARM(b)", name="away")
    expected = dict.fromkeys(("inner", "middle", "outer"), "holds") | {"never": "Gap alarm.insensitive"}
    for order in permutations((inner, middle, outer, never, away)):
        assert reached(*order, firing={"a": FIRES}) == expected


def test_a_composite_alarm_that_does_not_fire_leads_no_further() -> None:
    inner = a_composite("ALARM(a) AND ALARM(b)", name="inner")
    outer = a_composite("ALARM(inner)", name="outer")
    assert reached(outer, inner, firing={"a": FIRES}) == {"inner": "Gap alarm.insensitive"}


def test_composite_alarms_that_keep_each_other_in_alarm_are_in_doubt() -> None:
    """Once both are in ALARM, neither returns to OK."""
    one, two = a_composite("ALARM(a) OR ALARM(two)", name="one"), a_composite("ALARM(one)", name="two")
    top = a_composite("ALARM(a) OR ALARM(two)", name="top")
    for order in permutations((one, two, top)):
        found = reached(*order, firing={"a": FIRES})
        assert found == dict.fromkeys(("one", "two", "top"), "Doubt alarm.unclear")
    itself = a_composite("ALARM(a) OR ALARM(itself)", name="itself")
    assert reached(itself, firing={"a": FIRES}) == {"itself": "Doubt alarm.unclear"}
    assert reached(one, two, firing={}) == {}


def test_in_a_cycle_a_rule_may_still_say_what_the_alarm_does() -> None:
    two = a_composite("ALARM(one) OR ALARM(never) OR ALARM(stays)", name="two")
    rules = {"one": "ALARM(a) OR ALARM(two)", "never": "ALARM(two) AND ALARM(b)", "stays": "NOT ALARM(b) OR ALARM(two)"}
    found = reached(two, *(a_composite(rule, name=name) for name, rule in rules.items()), firing={"a": FIRES})
    assert (found["never"], found["stays"]) == ("Gap alarm.insensitive", "Gap alarm.latches")


BOTH = a_composite("ALARM(a) AND ALARM(b)")
EITHER = a_composite("ALARM(a) OR ALARM(b)")
NOT_B = a_composite("ALARM(a) AND NOT ALARM(b)")
UNCLEAR, INSENSITIVE = "Doubt alarm.unclear", "Gap alarm.insensitive"

BESIDE = {
    FIRES: ("holds", "holds", INSENSITIVE),
    MAY_FIRE: (UNCLEAR, "holds", UNCLEAR),
    ON_MORE: (INSENSITIVE, "holds", UNCLEAR),
    OFF: (INSENSITIVE, "holds", "holds"),
    STAYS: (UNCLEAR, UNCLEAR, UNCLEAR),
}


@pytest.mark.parametrize("outcome", BESIDE)
def test_another_alarm_on_the_metric_takes_part_in_the_rule(outcome: Outcome) -> None:
    firing = {"a": FIRES, "b": outcome}
    found = [reached(composite, firing=firing)["composite"] for composite in (BOTH, EITHER, NOT_B)]
    assert tuple(found) == BESIDE[outcome]


ELSEWHERE: dict[str, tuple[dict[str, bool], str, str, str, str]] = {
    "b is on no metric of a filter": ({}, "OK", INSENSITIVE, "holds", "holds"),
    "b may fire too": ({"b": True}, "OK", UNCLEAR, "holds", UNCLEAR),
    "b may stay in ALARM": ({"b": False}, "OK", UNCLEAR, UNCLEAR, UNCLEAR),
    "b is in ALARM": ({}, "ALARM", UNCLEAR, UNCLEAR, UNCLEAR),
    "b has no data": ({}, "INSUFFICIENT_DATA", INSENSITIVE, "holds", "holds"),
}


@pytest.mark.parametrize("name", ELSEWHERE)
def test_an_alarm_on_another_metric_takes_part_in_the_rule(name: str) -> None:
    fed, state, *expected = ELSEWHERE[name]
    given: dict[str, Any] = {"firing": {"a": FIRES}, "company": {"a": True, **fed}, "b": state}
    assert [reached(each, **given)["composite"] for each in (BOTH, EITHER, NOT_B)] == expected


@pytest.mark.parametrize(("returns", "expected"), [(True, "holds"), (False, UNCLEAR)])
def test_a_composite_alarm_stays_in_alarm_with_what_it_names(returns: bool, expected: str) -> None:
    """Those beside may go to ALARM together with any other, and so may the composite alarms over them."""
    inner = a_composite("ALARM(b) OR ALARM(c)", name="inner")
    outer = a_composite("ALARM(inner)", name="outer")
    either = a_composite("ALARM(a) OR ALARM(outer)")
    given: dict[str, Any] = {"firing": {"a": FIRES}, "company": {"a": True, "b": returns}}
    assert reached(a_composite("ALARM(a) OR ALARM(inner)"), inner, **given)["composite"] == expected
    assert reached(either, outer, inner, **given)["composite"] == expected
    both = a_composite("ALARM(a) AND ALARM(outer)")
    assert reached(both, outer, inner, **given)["composite"] == UNCLEAR


def test_a_composite_alarm_that_is_always_in_alarm_is_so_without_data_too() -> None:
    stays = a_composite("NOT ALARM(c)", name="b")
    given: dict[str, Any] = {"firing": {"a": FIRES}, "c": "OK"}
    assert [reached(stays, each, **given)["composite"] for each in (BOTH, EITHER, NOT_B)] == [UNCLEAR] * 3


def test_an_alarm_that_never_fires_is_not_taken_to_be_in_alarm() -> None:
    company = {"a": True, "b": False}
    assert reached(EITHER, firing={"a": FIRES, "b": ON_MORE}, company=company, b="ALARM") == {"composite": "holds"}


def test_a_composite_alarm_that_does_not_fire_may_be_in_alarm_by_others() -> None:
    """A refused call takes `other` out of ALARM, where b may stay."""
    other = a_composite("ALARM(b) AND NOT ALARM(a)", name="other")
    either = a_composite("ALARM(a) OR ALARM(other)")
    for returns, expected in ((True, "holds"), (False, UNCLEAR)):
        found = reached(either, other, firing={"a": FIRES}, company={"a": True, "b": returns})
        assert found == {"other": INSENSITIVE, "composite": expected}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("OK(c)", UNCLEAR),
        ("INSUFFICIENT_DATA(c)", UNCLEAR),
        ("SOMETHING(c)", UNCLEAR),
        ("NOT ALARM(c)", UNCLEAR),
        ("OK(c) AND ALARM(c)", "holds"),
        ("ALARM(c)", "holds"),
        ("OK(c) AND FALSE", "holds"),
    ],
)
def test_a_composite_alarm_on_other_alarms_may_be_in_alarm_though_none_of_them_is(rule: str, expected: str) -> None:
    other = a_composite(rule, name="other")
    found = reached(a_composite("ALARM(a) OR ALARM(other)"), other, firing={"a": FIRES}, c="OK")
    assert found == {"composite": expected}


def test_a_rule_may_ask_that_an_alarm_is_not_in_alarm_that_is_so_at_rest() -> None:
    """It is false at rest, and nothing is known of the moment in which the other alarm leaves ALARM."""
    resting = a_composite("NOT ALARM(a)", name="resting")
    found = reached(a_composite("ALARM(a) OR NOT ALARM(resting)"), resting, firing={"a": FIRES})
    assert found == {"resting": "Gap alarm.latches", "composite": UNCLEAR}


def test_a_composite_alarm_that_leaves_alarm_on_a_refused_call_was_there_before() -> None:
    resting = a_composite("OK(a)", name="resting")
    found = reached(a_composite("ALARM(a) OR ALARM(resting)"), resting, firing={"a": FIRES})
    assert found == {"resting": "Gap alarm.latches", "composite": UNCLEAR}


def test_that_an_alarm_is_in_alarm_now_does_not_keep_it_from_firing_again() -> None:
    assert reached(a_composite("ALARM(a)"), firing={"a": FIRES}, a="ALARM") == {"composite": "holds"}


def test_cases_are_walked_together_and_answered_apart() -> None:
    """In case 0 a goes to ALARM, in case 1 b, in case 2 both, in case 3 neither."""
    either = a_composite("ALARM(a) OR ALARM(b)", name="either")
    both = a_composite("ALARM(a) AND ALARM(b)", name="both")
    over = a_composite("ALARM(both)", name="over")
    graph = AlarmGraph((an_alarm(name="a"), an_alarm(name="b"), either, both, over))
    found = Walk(graph, 0b1111, {0: {FIRES: 0b0101}, 1: {FIRES: 0b0110}}, {})
    assert [found.cases(number, FIRES) for number in (2, 3, 4)] == [0b0111, 0b0100, 0b0100]
    assert [found.cases(number, ON_MORE) for number in (2, 3, 4)] == [0, 0b0011, 0]
    assert [found.cases(number) for number in (2, 3, 4)] == [0b0111, 0b0111, 0b0100]


def test_of_two_alarms_with_one_name_only_what_holds_for_both_is_sure() -> None:
    """AWS's pages may list an alarm twice, before and after it changed."""
    twice = (an_alarm(name="a"), an_alarm(name="a", threshold=2.0))
    graph = AlarmGraph((*twice, a_composite("ALARM(a)")))
    for one, other in ((0, 1), (1, 0)):
        outcomes = {one: {FIRES: 0b11}, other: {FIRES: 0b01, ON_MORE: 0b10}}
        found = Walk(graph, 0b11, outcomes, {0: True, 1: True})
        assert (found.cases(2, FIRES), found.cases(2, MAY_FIRE)) == (0b01, 0b10)


# Which alarms act.


@pytest.mark.parametrize("actions", [(), ("arn:aws:sns:x:1:t",)])
def test_an_alarm_without_actions_acts_by_the_composite_alarms_that_name_it(actions: tuple[str, ...]) -> None:
    """Those that a case reaches."""
    named = (an_alarm(name="a", actions=actions), an_alarm(name="b"), an_alarm(name="c", actions=actions))
    graph = AlarmGraph((*named, a_composite("ALARM(a)"), a_composite("ALARM(b)")))
    found = Walk(graph, 0b111, {0: {FIRES: 0b001, STAYS: 0b010}, 1: {FIRES: 0b100}, 2: {FIRES: 0b100}}, {})
    assert [found.acts(number) for number in range(5)] == [0b011 if actions else 0b010, 0b100, 0b100, 0b001, 0b100]


def test_in_a_cycle_without_actions_each_is_to_act() -> None:
    one, two = (a_composite(f"ALARM(a) OR ALARM({other})", name=name, actions=()) for name, other in ("12", "21"))
    found, _ = walk(one, two, firing={"a": FIRES})
    assert [found.acts(number) for number in (1, 2)] == [1, 1]


# Which alarms suppress the actions of others.


@pytest.mark.parametrize("suppressor", ["s", arn("s")], ids=["by name", "by ARN"])
@pytest.mark.parametrize(
    ("state", "outcome", "is_fed", "expected"),
    [
        ("OK", None, False, "holds"),
        ("INSUFFICIENT_DATA", None, False, "holds"),
        ("ALARM", None, False, "Gap alarm.muted"),
        ("OK", FIRES, True, "Gap alarm.muted"),
        ("OK", MAY_FIRE, True, "Doubt alarm.muted"),
        ("OK", ON_MORE, True, "Doubt alarm.muted"),
        ("OK", STAYS, True, "Doubt alarm.muted"),
        ("OK", OFF, True, "holds"),
        ("OK", None, True, "Doubt alarm.muted"),
        ("ALARM", ON_MORE, True, "Gap alarm.muted"),
        (None, None, False, "Doubt alarm.muted"),
    ],
)
def test_a_suppressor_holds_back_actions_while_it_is_in_alarm(
    suppressor: str, state: str | None, outcome: Outcome | None, is_fed: bool, expected: str
) -> None:
    composite = a_composite("ALARM(a)", suppressor=suppressor)
    states = {"s": state} if state else {}
    firing = {"a": FIRES, "t": FIRES} | ({"s": outcome} if outcome else {})
    company = {"a": True} | ({"s": True} if is_fed else {})
    found, graph = walk(composite, firing=firing, company=company, **states)
    (number,) = graph.composites
    found_in = {code(finding): (finding, cases) for finding, cases in found.suppressed(number) if cases}
    assert list(found_in) == ([] if expected == "holds" else [expected])
    for finding, cases in found_in.values():
        assert cases == 1
        assert_found(
            finding, Gap if "Gap" in expected else Doubt, "alarm.muted", composite.arn, "alarm composite", " s "
        )
        assert isinstance(finding, Gap | Doubt)
        assert arn("s") not in finding.message


def test_an_alarm_without_a_suppressor_is_not_suppressed() -> None:
    found, _ = walk(a_composite("ALARM(a)"), firing={"a": FIRES}, company={}, s="ALARM")
    assert [list(found.suppressed(number)) for number in range(3)] == [[], [], []]


# Which alarms are not worked out.


def an_other(name: str, kind: str = "query", **bent: Any) -> OtherAlarm:
    return OtherAlarm(arn(name), kind, **bent)


def test_alarms_that_are_not_worked_out_are_found_by_what_they_refer_to() -> None:
    others = (
        an_other("away", metrics=(("Other", "unauthorized_api_calls"), ("CISBenchmark", "other"))),
        an_other("none", mentions="logins, resting"),
        an_other("unknown", UNKNOWN_KIND),
        an_other("band", metrics=(("x", "y"), METRIC)),
        an_other("metric", mentions="SUM(unauthorized_api_calls)"),
        an_other("alarm", mentions='"firing"'),
        an_other("unknown that mentions", UNKNOWN_KIND, mentions="firing"),
    )
    graph = AlarmGraph((an_alarm(name="firing"), *others))
    names = {"unauthorized_api_calls": 0b001, "firing": 0b010}
    found = dict(graph.unanalyzed(0b111, {METRIC: 0b001}, names))
    assert found == {1: 0, 2: 0, 3: 0b111, 4: 0b001, 5: 0b001, 6: 0b010, 7: 0b111}
    assert dict(graph.unanalyzed(0, {}, names)) == {1: 0, 2: 0, 3: 0, 4: 0, 5: 0b001, 6: 0b010, 7: 0b010}


def test_sets_of_cases() -> None:
    assert (union(), union(0b01, 0b100)) == (0, 0b101)
    assert list(numbers_in(0b10110)) == [1, 2, 4]
    assert list(numbers_in(0)) == []


# Against every state that the alarms may have.

rules = st.recursive(
    st.builds(
        "{}({})".format, st.sampled_from(["ALARM", "ALARM", "OK"]), st.sampled_from(["a", "b", "c", "p", "q", "r"])
    ),
    lambda parts: (
        st.builds("NOT ({})".format, parts)
        | st.builds("({} {} {})".format, parts, st.sampled_from(["AND", "OR"]), parts)
    ),
    max_leaves=4,
)


STEPS = 2**3
"""In as many steps three alarms come to rest, or to a state in which they were before."""


def after(composites: dict[str, str], on_metrics: set[str], states: dict[str, bool]) -> Iterator[dict[str, bool]]:
    """The states of composite alarms, step by step, while these alarms on metrics are in ALARM."""
    for _ in range(2 * STEPS):
        in_alarm = {arn(name) for name in (*on_metrics, *(name for name, state in states.items() if state))}
        found = {name: evaluate(rule, in_alarm=in_alarm, may_be_in_alarm=()) for name, rule in composites.items()}
        states = {name: value is Truth.TRUE for name, value in found.items()}
        yield states


@given(st.permutations("pqr"), st.lists(rules, min_size=3, max_size=3), st.booleans(), st.booleans())
def test_what_surely_fires_does_so_in_every_state_and_returns_to_ok(
    order: list[str], written: list[str], b_may: bool, c_is_fed: bool
) -> None:
    """Alarm a goes to ALARM. b may too, and c may, on a metric of its own. All return to OK."""
    composites = dict(zip("pqr", written, strict=True))
    firing = {"a": FIRES} | ({"b": MAY_FIRE} if b_may else {})
    company = dict.fromkeys([*firing, *("c" if c_is_fed else "")], True)
    names = {"a": None, "b": None, "c": None}
    ordered = [a_composite(composites[name], name=name) for name in order]
    graph = AlarmGraph((*(an_alarm(name=name) for name in names), *ordered))
    number = {name: graph.called(name)[0] for name in (*names, *composites)}
    found = Walk(
        graph, 1, {number[name]: {outcome: 1} for name, outcome in firing.items()}, {number[n]: True for n in company}
    )
    uncertain = [name for name in ("b", "c") if name in company]
    for chosen in ([], *([name] for name in uncertain), uncertain):
        rest = list(after(composites, set(), dict.fromkeys(composites, False)))[STEPS:]
        fired = list(after(composites, {"a", *chosen}, rest[-1]))[STEPS:]
        back = list(after(composites, set(), fired[-1]))[STEPS:]
        for name in composites:
            outcomes = found.outcomes.get(number[name], {})
            in_turn = [{states[name] for states in phase} for phase in (rest, fired, back)]
            assert not outcomes.get(FIRES) or in_turn == [{False}, {True}, {False}]
            assert not outcomes.get(ON_MORE) or in_turn[1] == {False}


# How the work grows.


def steps(monkeypatch: pytest.MonkeyPatch, *alarms: Alarm) -> int:
    """How many characters of rules are evaluated."""
    count = 0

    def counting(rule: str, *given: Any) -> Any:
        nonlocal count
        count += len(rule)
        return check_rule(rule, *given)

    check_rule = composite_alarm.check_rule
    monkeypatch.setattr(composite_alarm, "check_rule", counting)
    graph = AlarmGraph(alarms)
    found = Walk(graph, 1, {0: {FIRES: 1}}, {0: True})
    monkeypatch.setattr(composite_alarm, "check_rule", check_rule)
    assert all(found.cases(number, FIRES) for number in graph.composites)
    return count


def a_chain(number: int) -> list[Alarm]:
    """Composite alarms each of which names the one before it."""
    names = [f"c{index:05}" for index in range(number)]
    rules = ["ALARM(a0000)", *(f"ALARM({name})" for name in names)]
    return [a_composite(rule, name=name) for rule, name in zip(rules, names, strict=False)]


def a_fan(number: int) -> list[Alarm]:
    """Composite alarms that all name the same one."""
    return [a_composite("ALARM(a0000)", name=f"c{index:05}") for index in range(number)]


@pytest.mark.parametrize("made", [a_chain, a_fan])
@pytest.mark.parametrize("order", [1, -1])
def test_each_rule_is_evaluated_once_however_many_alarms_there_are(
    monkeypatch: pytest.MonkeyPatch, made: Any, order: int
) -> None:
    few, many = (steps(monkeypatch, an_alarm(name="a0000"), *made(number)[::order]) for number in (700, 1400))
    assert many <= 2.01 * few
