"""Reads documents of the evaluator and of the remediator into what is shown of them. Pure.

A document may come from anywhere: a file, an event of EventBridge, a line of the log. What is not as
docs/document.schema.json has it is an error that names the field.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from blindspot.model.arn import Arn, is_arn
from blindspot.model.harmless import harmless_json
from blindspot.model.snapshot import FUTURE
from blindspot.report.chains import chains
from blindspot.report.document import SCHEMA, help_of
from blindspot.report.part import DocumentError, Part, finding_of, unanswered
from blindspot.report.remediated import remediated
from blindspot.report.reviewed import reviewed
from blindspot.report.view import Assessed, Example, Exclusion, Finding, Group, Note, Region, View
from blindspot.verdict.assessment import Verdict

__all__ = ["DocumentError", "view_of"]

DEEPEST = 600
"""How deep a document may be nested. A CloudTrail event that a filter pattern asks for has up to 500 levels."""


def view_of(*documents: object) -> View:
    """What to show of these documents: of at most one assessment and one review, and of any of the remediator.

    A document may lie in an event of EventBridge (`detail`) or in a line of the log (`document`). Raises DocumentError.
    """
    evaluated, reviews, others = [], [], []
    for document in documents:
        if _is_deeper(document, DEEPEST):
            raise DocumentError(f"The document is nested too deeply. Allowed: {DEEPEST} levels.")
        part = Part(harmless_json(unwrapped(document)))
        if part.fields.get("action") == "review":
            reviews.append(reviewed(part))
        elif "regions" in part.fields and "verdict" in part.fields:
            evaluated.append(assessed(part))
        elif "plan" in part.fields and "outcomes" in part.fields:
            others.append(remediated(part))
        else:
            raise DocumentError("This is no document of Blindspot. Allowed: one of the evaluator or the remediator.")
    if len(evaluated) > 1:
        raise DocumentError("There are several documents of the evaluator. Allowed: one, and any of the remediator.")
    if len(reviews) > 1:
        raise DocumentError("There are several documents of a review. Allowed: one, and any of the remediator.")
    return View(evaluated[0] if evaluated else None, tuple(others), reviews[0] if reviews else None)


def _is_deeper(document: object, levels: int) -> bool:
    level = [document]
    for _ in range(levels):
        level = [part for each in level for part in _parts(each)]
    return bool(level)


def _parts(value: object) -> Iterable[object]:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


def unwrapped(document: object) -> object:
    """The document in an event of EventBridge or in a line of the log; another one as it is."""
    for key in ("detail", "document"):
        if isinstance(document, dict) and isinstance(document.get(key), dict):
            return document[key]
    return document


def assessed(document: Part) -> Assessed:
    """What is shown of an evaluator's document. Raises DocumentError."""
    if document.fields.get("schema") != SCHEMA:
        raise document.invalid("schema", str(SCHEMA))
    verdict, summary, cut = document.verdict("verdict"), document.text("summary"), document.counts("cut")
    regions = tuple(Region(name, part.verdict("verdict")) for name, part in document.entries("regions"))
    if any(region.verdict.badness > verdict.badness for region in regions):
        raise document.invalid("verdict", "one that is no better than that of a region")
    gaps = tuple(finding_of(part, part.texts("regions"), part.text("help")) for part in document.items("gaps"))
    doubts = _doubts(document)
    return Assessed(
        verdict=verdict,
        answer=summary if "regions" in cut else _answer(verdict, regions, summary),
        summary=summary,
        account=document.text_or_none("account"),
        partition=document.text_or_none("partition") or "aws",
        assessed_at=document.text("assessed_at"),
        about=tuple(_about(document)),
        regions=regions,
        groups=_groups(document, regions, gaps),
        example=_example(document, regions, gaps, doubts),
        chains=tuple(chains(document, gaps, doubts)),
        gaps=gaps,
        doubts=doubts,
        exclusions=tuple(_exclusions(document)),
        notes=tuple(Note(*map(part.text, ("code", "resource", "message"))) for part in document.items("notes")),
        not_read=tuple(_not_read(document)),
        cut=cut,
        rule=config.text("rule") if (config := document.object_or_none("config")) else None,
        home=_home(document.text_or_none("stack")),
    )


def _home(stack: str | None) -> str | None:
    return Arn.parse(stack).region if stack and is_arn(stack) else None


def _doubts(document: Part) -> tuple[Finding, ...]:
    """Every doubt once, with its regions; those of most regions come first."""
    found: dict[tuple[str, ...], tuple[Part, dict[str, None]]] = {}
    for name, region in document.entries("regions"):
        for part in region.items("doubts"):
            key = part.text("code"), part.text("resource"), part.text("message")
            found.setdefault(key, (part, {}))[1][name] = None
    doubts = (finding_of(part, tuple(names), help_of(part.text("code"))) for part, names in found.values())
    return tuple(sorted(doubts, key=lambda doubt: -len(doubt.regions)))


def _answer(verdict: Verdict, regions: tuple[Region, ...], summary: str) -> str:
    """The answer for the account, and in how many regions it is so. The summary where no region says it: a run that
    failed, or an account whose regions could not be listed."""
    those = [region for region in regions if region.verdict is verdict]
    if not those:
        return summary
    where = _where(those, sum(region.name != FUTURE for region in regions))
    match verdict:
        case Verdict.COMPLIANT:
            return f"Yes, {where}."
        case Verdict.NON_COMPLIANT:
            return f"No. There are calls that alert nobody {where}."
        case Verdict.INDETERMINATE:
            return f"Not known. It could not be verified {where}."


def _where(those: list[Region], enabled: int) -> str:
    """How many of the enabled regions these are, in words."""
    count, later = sum(region.name != FUTURE for region in those), any(region.name == FUTURE for region in those)
    if not count:
        return "in regions enabled later"
    where = f"in {count} of {enabled} enabled region{'s' * (enabled != 1)}"
    if count == enabled:
        where = f"in all {enabled} enabled regions" if enabled != 1 else "in the only enabled region"
    return f"{where}, and in every region that is enabled later" if later else where


def _about(document: Part) -> Iterator[tuple[str, str]]:
    yield from document.labelled(_LABELS)
    if config := document.object_or_none("config"):
        accepted = config.number("sent") and document.fields.get("account") not in config.texts("refused")
        told = "Reported to AWS Config rule" if accepted else "Not accepted by AWS Config rule"
        yield told, config.text("rule")


_LABELS = (
    ("Control", "control"),
    ("Account", "account"),
    ("Profile", "profile"),
    ("Assessed at", "assessed_at"),
    ("Verdict before", "changed_from"),
    ("Stack", "stack"),
    ("Run", "run"),
    ("Version of Blindspot", "version"),
)


def _groups(document: Part, regions: tuple[Region, ...], gaps: tuple[Finding, ...]) -> tuple[Group, ...]:
    """The regions by verdict and reasons; those of most regions come first."""
    why = {(gap.code, gap.resource, region): gap.message for gap in gaps for region in gap.regions}
    alike: dict[tuple[Verdict, tuple[str, ...]], list[Region]] = {}
    for region, (_, part) in zip(regions, document.entries("regions"), strict=True):
        codes = [(gap.text("code"), gap.text("resource")) for gap in part.items("gaps")]
        reasons = [why.get((*code, region.name), f"{code[0]}: {code[1]}") for code in codes]
        reasons += [doubt.text("message") for doubt in part.items("doubts")]
        alike.setdefault((region.verdict, tuple(reasons)), []).append(region)
    groups = (Group(*key, tuple(found)) for key, found in alike.items())
    return tuple(sorted(groups, key=lambda group: -len(group.regions)))


def _example(
    document: Part, regions: tuple[Region, ...], gaps: tuple[Finding, ...], doubts: tuple[Finding, ...]
) -> Example | None:
    """The blind spot that the most regions have; without its event, there is none to show."""
    spots = {name: spot for name, part in document.entries("regions") if (spot := part.object_or_none("blind_spot"))}
    findings = (*gaps, *doubts)
    names = [name for each in findings for name in each.regions] + [region.name for region in regions]
    name = next((name for name in names if name in spots), None)
    if name is None:
        return None
    region = next(region for region in regions if region.name == name)
    event = spots[name].fields
    service = str(event.get("eventSource", "?")).removesuffix(".amazonaws.com")
    return Example(
        who=_who(event.get("userIdentity")),
        call=f"{service}:{event.get('eventName', '?')}",
        # The region in an event of `future` is made up.
        region="a region enabled later" if name == FUTURE else str(event.get("awsRegion", name)),
        error_code=str(event.get("errorCode", "?")),
        event=event,
        finding=next((each for each in findings if name in each.regions), None),
        certain=region.verdict is Verdict.NON_COMPLIANT,
    )


def _who(identity: object) -> str:
    named = identity if isinstance(identity, Mapping) else {}
    return str(named.get("arn") or named.get("type") or "Somebody")


def _exclusions(document: Part) -> Iterator[Exclusion]:
    if "exclusions" not in document.fields:  # one that was kept before there were any in it
        return
    for number, part in enumerate(document.items("exclusions"), 1):
        pattern = part.text("pattern") if "pattern" in part.fields else None
        reason, until = part.text_or_none("reason"), part.text_or_none("until")
        in_force = part.truth("in_force")
        if until is None and not in_force:
            raise part.invalid("until", "a date where in_force is false")
        yield Exclusion(number, pattern, reason, until, in_force)


def _not_read(document: Part) -> Iterator[str]:
    skipped: dict[str, list[str]] = {}
    for part in document.items("skipped"):
        skipped.setdefault(part.text("reason"), []).append(part.text("region"))
    for reason, names in skipped.items():
        yield f"Regions that were not called ({reason}): {', '.join(names)}."
    yield from map(unanswered, document.items("unreadable"))
