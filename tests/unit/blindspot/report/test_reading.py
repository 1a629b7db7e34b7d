"""What is shown of an assessment; and any JSON is shown or is an error."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blindspot.model.stack import Origin
from blindspot.report.document import failure
from blindspot.report.markdown import markdown
from blindspot.report.page import page
from blindspot.report.reading import DocumentError, view_of
from blindspot.report.text import text
from blindspot.report.view import Exclusion, Note, View
from blindspot.verdict.assessment import Verdict
from tests.builders import NOW
from tests.cases.documents import (
    ACCOUNT,
    EVENT,
    EXCLUSIONS,
    FILTER,
    KEY,
    STEPS,
    a_document,
    a_region,
    a_remediation,
    assessed,
    with_doubt,
    with_gap,
)
from tests.cases.hostile import NAMES

C, N, I = "COMPLIANT", "NON_COMPLIANT", "INDETERMINATE"  # noqa: E741


GOLDEN = Path(__file__).parents[3] / "golden"
RUNBOOK = Path(__file__).parents[4] / "docs/runbook.md"


def regions(*verdicts: str, future: str | None = None) -> dict[str, Any]:
    """So many enabled regions, and those that are enabled later."""
    named = {f"r-{number}": a_region(verdict) for number, verdict in enumerate(verdicts)}
    return named | ({"future": a_region(future)} if future else {})


ANSWERS = [
    (C, regions(C), "Yes, in the only enabled region."),
    (C, regions(C, C), "Yes, in all 2 enabled regions."),
    (C, regions(C, C, future=C), "Yes, in all 2 enabled regions, and in every region that is enabled later."),
    (N, regions(N, C), "No. There are calls that alert nobody in 1 of 2 enabled regions."),
    (N, regions(C, future=N), "No. There are calls that alert nobody in regions enabled later."),
    (N, regions(N, I, future=I), "No. There are calls that alert nobody in 1 of 2 enabled regions."),
    (I, regions(I, C, future=C), "Not known. It could not be verified in 1 of 2 enabled regions."),
    (I, regions(C, C), "A summary."),  # AWS did not list the regions
    (I, {}, "A summary."),  # the run failed
]


@pytest.mark.parametrize(("verdict", "of_regions", "answer"), ANSWERS)
def test_the_answer_is_one_sentence(verdict: str, of_regions: dict[str, Any], answer: str) -> None:
    assert assessed(a_document(verdict=verdict, regions=of_regions)).answer == answer


@pytest.mark.parametrize(("verdict", "of_a_region"), [(C, N), (C, I), (I, N)])
def test_no_account_is_better_than_its_regions(verdict: str, of_a_region: str) -> None:
    with pytest.raises(DocumentError, match="The document's verdict is not valid"):
        view_of(a_document(verdict=verdict, regions=regions(C, of_a_region)))


def test_the_answer_counts_no_regions_that_were_left_out() -> None:
    cut = with_gap(cut={"regions": 3})
    assert (assessed(cut).answer, assessed(cut).cut) == ("A summary.", {"regions": 3})


def test_a_failure_says_what_failed() -> None:
    failed = failure(
        "sts:GetCallerIdentity in eu-west-1: Timeout",
        account=None,
        at=NOW,
        origin=Origin(),
        config=None,
        api_calls=1,
        duration_ms=1,
    )
    shown = assessed(failed)
    assert shown.verdict is Verdict.INDETERMINATE
    assert shown.answer == "Cannot verify: sts:GetCallerIdentity in eu-west-1: Timeout"
    assert (shown.account, shown.regions, shown.example, shown.chains) == (None, (), None, ())
    anchor = (shown.runbook or "").removeprefix("docs/runbook.md#")
    assert f"\n## {anchor.replace('-', ' ').capitalize()}\n" in RUNBOOK.read_text()


def test_the_runbook_is_for_a_failure_alone() -> None:
    assert assessed(with_gap()).runbook is None
    assert assessed(with_gap(regions={}, channels=[], gaps=[], cut={"regions": 3})).runbook is None


def test_doubts_of_many_regions_come_first_and_each_once() -> None:
    rare, frequent = ({"code": code, "resource": "r", "message": "m", "fix": "f"} for code in ("rare", "frequent"))
    of_regions = {"a": a_region(I, doubts=[rare, frequent]), "b": a_region(I, doubts=[frequent, frequent])}
    found = assessed(a_document(verdict=I, regions=of_regions))
    assert [(doubt.code, doubt.regions) for doubt in found.doubts] == [("frequent", ("a", "b")), ("rare", ("a",))]
    assert found.doubts[0].help == "docs/gaps.md#frequent"


def test_a_reason_is_that_of_the_region() -> None:
    """One code and resource may have another message in another region."""
    document = with_gap()
    one, another = dict(document["gaps"][0]), dict(document["gaps"][0])
    one |= {"regions": ["eu-west-1"], "message": "In one."}
    another |= {"regions": ["us-east-1", "future"], "message": "In another."}
    groups = assessed(document | {"gaps": [another, one]}).groups
    assert [(group.reasons, [region.name for region in group.regions]) for group in groups] == [
        (("In another.",), ["us-east-1", "future"]),
        (("In one.",), ["eu-west-1"]),
    ]


def test_a_gap_that_was_left_out_is_still_named() -> None:
    (group,) = assessed(with_gap(gaps=[], cut={"gaps": 1})).groups
    assert group.reasons == (f"filter.misses: {FILTER}",)


def test_the_example_is_that_of_the_first_gap() -> None:
    found = assessed(with_gap()).example
    assert found is not None
    assert (found.call, found.region, found.error_code, found.certain) == (
        *("secretsmanager:GetSecretValue", "eu-west-1", "AccessDeniedException"),
        True,
    )
    assert found.who == EVENT["userIdentity"]["arn"]  # type: ignore[index]
    assert found.finding is not None
    assert found.finding.code == "filter.misses"


def test_the_example_is_of_a_region_that_has_the_first_gap() -> None:
    document = with_gap()
    rare, frequent = dict(document["gaps"][0], code="alarm.missing"), document["gaps"][0]
    rare["regions"], frequent["regions"] = ["eu-west-1"], ["us-east-1", "future"]
    document["regions"]["us-east-1"] = a_region(N, blind_spot=EVENT | {"awsRegion": "us-east-1"})
    found = assessed(document | {"gaps": [frequent, rare]}).example
    assert found is not None
    assert found.finding is not None
    assert (found.region, found.finding.code) == ("us-east-1", "filter.misses")


def test_an_example_of_a_doubt_is_not_certain() -> None:
    found = assessed(with_doubt()).example
    assert found is not None
    assert found.certain is False


def test_the_region_of_an_event_in_regions_enabled_later_is_made_up() -> None:
    only = {"future": a_region(N, blind_spot=EVENT)}
    found = assessed(a_document(verdict=N, regions=only)).example
    assert found is not None
    assert (found.region, found.finding) == ("a region enabled later", None)


@pytest.mark.parametrize("event", [{}, {"userIdentity": "x"}, {"userIdentity": {"type": None}, "eventName": 7}])
def test_an_event_may_lack_everything(event: dict[str, Any]) -> None:
    regions_ = {"a": a_region(N, blind_spot=event)}
    found = assessed(a_document(verdict=N, regions=regions_)).example
    assert found is not None
    assert found.who == "Somebody"


def test_a_document_without_events_has_no_example() -> None:
    told = with_gap()
    for region in told["regions"].values():
        region.pop("blind_spot", None)
    shown = assessed(told)
    assert shown.example is None
    assert shown.chains


NOT_READ = [
    ({"permission": "sns:X", "error": "AuthorizationError"}, "was refused (AuthorizationError). Allow the role sns:X."),
    ({"permission": None, "error": "Timeout"}, "gave no answer (Timeout)."),
    ({"permission": None, "error": "NotRead"}, "was not called: no resource that was read refers to it."),
    (
        {"permission": None, "error": "ForeignAccount"},
        "was not called: MonitoringRoleArns names no role of that account.",
    ),
]


@pytest.mark.parametrize(("bent", "said"), NOT_READ)
def test_a_read_without_an_answer_says_why(bent: dict[str, Any], said: str) -> None:
    read = {"call": "sns:X", "region": "eu-west-1", **bent}
    assert assessed(a_document(unreadable=[read])).not_read == (f"sns:X in eu-west-1 {said}",)


def test_regions_that_were_not_called_are_one_line_for_each_reason() -> None:
    skipped = [{"region": name, "reason": reason} for name, reason in (("a", "x"), ("b", "y"), ("c", "x"))]
    assert assessed(a_document(skipped=skipped)).not_read == (
        "Regions that were not called (x): a, c.",
        "Regions that were not called (y): b.",
    )


CONFIG = [
    ({"rule": "r", "sent": 1, "refused": []}, "Reported to AWS Config rule"),
    ({"rule": "r", "sent": 0, "refused": []}, "Not accepted by AWS Config rule"),
    ({"rule": "r", "sent": 3, "refused": [ACCOUNT]}, "Not accepted by AWS Config rule"),
    ({"rule": "r", "sent": 3, "refused": ["eu-west-1"]}, "Reported to AWS Config rule"),
]


@pytest.mark.parametrize(("config", "label"), CONFIG)
def test_whether_aws_config_has_the_verdict_is_told(config: dict[str, Any], label: str) -> None:
    shown = assessed(a_document(config=config))
    assert shown.about[-1] == (label, "r")
    assert shown.rule == "r"


def test_what_it_is_about_is_in_order_and_without_what_is_not_known() -> None:
    assert assessed(a_document(account=None, changed_from=N)).about == (
        ("Control", "Ensure unauthorized API calls are monitored"),
        ("Profile", "cis-level-2"),
        ("Assessed at", "2026-11-27T12:00:00+00:00"),
        ("Verdict before", N),
        ("Version of Blindspot", "0.1.0"),
    )


def test_where_it_comes_from_is_told() -> None:
    shown = assessed(a_document(stack="s", run="r"))
    assert shown.about[-3:] == (("Stack", "s"), ("Run", "r"), ("Version of Blindspot", "0.1.0"))
    assert shown.about[1] == ("Account", ACCOUNT)
    assert (shown.account, shown.assessed_at) == (ACCOUNT, "2026-11-27T12:00:00+00:00")


def test_notes_are_told_with_their_resource() -> None:
    note = {"code": "calls.refused", "resource": "r", "message": "AWS refused 2 calls."}
    assert assessed(a_document(notes=[note])).notes == (Note(**note),)


def test_exclusions_are_told_with_reason_and_end() -> None:
    found = assessed(a_document(exclusions=EXCLUSIONS)).exclusions
    assert found == (
        Exclusion(1, "{ $.eventName = A }", "nightly scanner", "2027-02-25", True),
        Exclusion(2, "{ $.eventName = B }", None, "2026-11-27", False),
        Exclusion(3, "{ $.eventName = C }", None, None, True),
    )
    assert [(each.title, each.state, each.excuses) for each in found] == [
        ("nightly scanner", "in force until 2027-02-25", "{ $.eventName = A }"),
        ("{ $.eventName = B }", "ended on 2026-11-27", None),
        ("{ $.eventName = C }", "in force, no end date", None),
    ]


def test_exclusions_of_the_log_have_no_pattern() -> None:
    logged = [{key: value for key, value in each.items() if key != "pattern"} for each in EXCLUSIONS]
    found = assessed(a_document(exclusions=logged)).exclusions
    assert [(each.title, each.excuses) for each in found] == [
        ("nightly scanner", None),
        ("Exclusion 2 of benign", None),
        ("Exclusion 3 of benign", None),
    ]


def test_an_exclusion_that_ended_has_an_end() -> None:
    ended = {"reason": None, "until": None, "in_force": False}
    with pytest.raises(DocumentError) as caught:
        view_of(a_document(exclusions=[ended]))
    assert str(caught.value) == (
        "The document's exclusions[0].until is not valid. Allowed: a date where in_force is false."
    )


def test_a_document_of_an_earlier_version_has_none() -> None:
    assert "exclusions" not in a_document()
    assert assessed(a_document()).exclusions == ()


@pytest.mark.parametrize(("partition", "shown"), [("aws-cn", "aws-cn"), (None, "aws")])
def test_the_partition_is_the_ordinary_one_if_it_is_not_known(partition: str | None, shown: str) -> None:
    assert assessed(a_document(partition=partition)).partition == shown


@pytest.mark.parametrize("schema", [1, None, "2"])
def test_a_document_of_another_shape_is_an_error(schema: object) -> None:
    with pytest.raises(DocumentError, match=r"^The document's schema is not valid. Allowed: 2.$"):
        view_of(a_document(schema=schema))


def test_who_is_of_no_arn_is_shown_by_type() -> None:
    event = EVENT | {"userIdentity": {"type": "AWSService"}}
    found = assessed(a_document(verdict=N, regions={"a": a_region(N, blind_spot=event)})).example
    assert found is not None
    assert (found.who, found.event) == ("AWSService", event)


@pytest.mark.parametrize(
    ("event", "call", "region", "error_code"),
    [
        (EVENT | {"awsRegion": "us-east-1"}, "secretsmanager:GetSecretValue", "us-east-1", "AccessDeniedException"),
        ({"eventName": "GetUser"}, "?:GetUser", "eu-west-1", "?"),
        ({"eventSource": "iam.amazonaws.com"}, "iam:?", "eu-west-1", "?"),
    ],
    ids=["of a global service", "without a source", "without a name"],
)
def test_the_example_is_what_the_event_says(event: dict[str, object], call: str, region: str, error_code: str) -> None:
    found = assessed(a_document(verdict=N, regions={"eu-west-1": a_region(N, blind_spot=event)})).example
    assert found is not None
    assert (found.call, found.region, found.error_code) == (call, region, error_code)


def test_the_region_of_the_stack_is_known_from_its_id() -> None:
    stack = f"arn:aws:cloudformation:eu-north-1:{ACCOUNT}:stack/b/1"
    assert [assessed(a_document(stack=each)).home for each in (stack, "stack", None)] == ["eu-north-1", None, None]


RETURNED = {path.stem: json.loads(path.read_text()) for path in sorted(GOLDEN.glob("*.json"))}


@pytest.mark.parametrize("name", [name for name, document in RETURNED.items() if "started" not in document])
def test_what_the_functions_return_can_be_read(name: str) -> None:
    document = {"assessed_at": "2026-11-27T12:00:00+00:00", **RETURNED[name]}
    if document.get("action") == "review":  # which has no times, as they differ from run to run
        read = {"from": "2026-11-20T12:00:00+00:00", "to": "2026-11-27T12:00:00+00:00", **document["read"]}
        alarms = [{**each, "days": []} for each in document["alarms"]]
        document |= {"reviewed_at": read["to"], "read": read, "days": [], "alarms": alarms}
    view_of(document)


@pytest.mark.parametrize("key", ["detail", "document"])
def test_an_event_and_a_line_of_the_log_have_the_document(key: str) -> None:
    assert view_of({"detail-type": "Verdict Changed", "level": "INFO", key: with_gap()}) == view_of(with_gap())


def test_documents_can_be_shown_together() -> None:
    view = view_of(a_remediation(), a_document(), a_remediation(action="apply"))
    assert view.assessed is not None
    assert [each.action for each in view.remediated] == ["plan", "apply"]
    with pytest.raises(DocumentError, match="several documents of the evaluator"):
        view_of(a_document(), a_document())


def nested(levels: int, *, lists: bool = False) -> Any:
    made: Any = {}
    for _ in range(levels):
        made = [made] if lists else {"a": made}
    return made


def test_a_document_may_be_deep_and_not_deeper() -> None:
    """A field that a filter pattern may ask for has up to 500 steps."""
    document = with_gap()
    for region in document["regions"].values():
        region["blind_spot"] = nested(500) | EVENT
    assert markdown(view_of(document))
    for lists in (False, True):
        with pytest.raises(DocumentError, match="nested too deeply"):
            view_of(nested(100_000, lists=lists))


@pytest.mark.parametrize("left_out", ["plan", "outcomes", "regions", "verdict"])
def test_half_a_document_is_none(left_out: str) -> None:
    for made in (a_remediation(), a_document()):
        half = {name: value for name, value in made.items() if name != left_out}
        if half != made:
            with pytest.raises(DocumentError, match="no document of Blindspot"):
                view_of(half)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


KINDS = (with_gap(), with_doubt("key.foreign", KEY), a_document(config=CONFIG[0][0]), a_remediation(manual_steps=STEPS))


def shown(view: View) -> None:
    """Every renderer takes it."""
    assert markdown(view).isprintable() is False  # it has lines
    assert list(text(view))
    assert page(view)


@given(JSON)
def test_any_json_is_a_view_or_an_error(value: Any) -> None:
    try:
        shown(view_of(value))
    except DocumentError as error:
        assert "Allowed: " in str(error)  # noqa: PT017


def paths(value: Any, here: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [here, *(path for key, each in inner for path in paths(each, (*here, key)))]


@given(st.data())
def test_a_document_with_any_part_replaced_is_a_view_or_an_error(data: st.DataObject) -> None:
    document = json.loads(json.dumps(data.draw(st.sampled_from(KINDS))))
    *way, last = data.draw(st.sampled_from(paths(document)[1:]))
    holder = document
    for key in way:
        holder = holder[key]
    holder[last] = data.draw(JSON)
    try:
        shown(view_of(document))
    except DocumentError as error:
        assert "Allowed: " in str(error)  # noqa: PT017


@pytest.mark.parametrize("name", NAMES)
def test_names_are_harmless(name: str) -> None:
    given_, shown_ = NAMES[name]
    view = view_of(with_gap(gaps=[{**with_gap()["gaps"][0], "message": given_}]))
    assert view.assessed is not None
    assert view.assessed.gaps[0].message == shown_
