"""What a person reads is plain technical English: AWS's words, short sentences, none of the phrases below.

`PHRASES` are wordings that readers had to read twice; what to write instead stands beside each. They are searched for
in the documents, in the template's descriptions, and in the product's docstrings and texts. `NAMES` must not name
anything in the product.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from blindspot.model.findings import DOUBT_FIXES, FIXES

ROOT = Path(__file__).parents[2]

PHRASES = {
    r"asks? \w+(\.\w+)* to (equal|begin|end|contain|match)|without what follows it": "matches only",
    r"hears?|heard|unheard": "be alerted, be notified",
    r"rings?|ringing|rang|rung": "goes to ALARM",
    r"deaf": "never returns to OK",
    r"(to|from) rest|(it|alarm) rests|never rests": "returns to OK",
    r"as (it|they) comes?": "by default",
    r"switched on, the": "Remediation on:",
    r"(it|they) leaves? alone": "does not change",
    r"did \w+ of \w+|judged the account again|do so too": "1 of 1 changes made. Reassessed:",
    r"changes nothing that it audits": "By default it makes no changes",
    r"stand before a deployment": "use it as a gate in a pipeline",
    r"tells the language|what is certain of it": "describes the syntax, and what AWS documents of it",
    r"read as such|from its work": "runs only if the switch was read and is off",
    r"falls? silent|whoever else": "other alarms on their metrics stop receiving data",
    r"grant nobody|who may not": "Grant ... only to people who may ...",
    r"puts? (\w+ )?(metric filter's |filter )?(pattern|record|event)s? to": "tests every log event against the pattern",
    r"rows are not known|none is retired": "could not be read; none was set to NOT_APPLICABLE",
    r"not asked in": "was not called in",
    r"blind:|unsure:": "Non-compliant regions, Undetermined regions",
    r"is led (there|here)|until it is ended": "whose AWS_ENDPOINT_URL points at it; stop it with Ctrl-C",
    r"for want of": "because AWS has no narrower resource",
    r"whose .{1,40} is could not|say otherwise": "the owner of ... could not be read",
    r"is not known to have been done": "it is not known whether ... took effect",
    r"is one only of": "are added only to",
}
"""Regular expressions of whole words, in any case; and better words."""

NAMES = {
    "rung": "firing_alarms",
    "trunks": "repairable_log_groups",
    "trunk": "log_group",
    "clicked": "with_subscriptions_confirmed",
    "letting_in": "check_publish_access",
    "Left": "NotDeleted",
    "said": "message",
    "hears": "notifies",
    "heard": "notified",
    "rings": "fires",
    "ringing": "firing",
    "Ringing": "MetricOrCompositeAlarm",
    "deaf": "stuck",
}
"""Identifiers, and better ones."""

DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
LONGEST_README, WORDS_A_SENTENCE = 180, 20

_PHRASES = {wrong: re.compile(rf"(?<!\w)(?:{wrong})(?!\w)", re.IGNORECASE) for wrong in PHRASES}


def objections(text: str) -> list[str]:
    """The phrases of PHRASES that the text has, with what to write instead."""
    plain = " ".join(text.split())
    return [f"{found[0]!r}: {PHRASES[wrong]}" for wrong, expr in _PHRASES.items() for found in expr.finditer(plain)]


def prose(markdown: str) -> Iterator[str]:
    """The paragraphs and list items of a document, without code: what programs print and take is not a document's."""
    text = re.sub(r"^(```).*?^\1$", "", markdown, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"`[^`]+`", "CODE", text)  # one word
    text = re.sub(r"\]\([^)]*\)", "]", text)
    text = re.sub(r"^[ ]*(?:[-*]|\d+\.) ", "\n", text, flags=re.MULTILINE)
    for paragraph in re.split(r"\n\s*\n", text):
        if not re.match(r"[|#>]|    ", paragraph.strip("\n")):
            yield " ".join(paragraph.split())


def sentences(markdown: str) -> list[int]:
    """How many words each sentence of the prose has: it ends with . ! or ? or with its paragraph."""
    found = (sentence.split() for paragraph in prose(markdown) for sentence in re.split(r"(?<=[.!?])\s+", paragraph))
    return [len(words) for words in found if words]


def cells(markdown: str) -> Iterator[str]:
    """The cells of its tables and the headings, without code."""
    for line in markdown.splitlines():
        if line.startswith(("|", "#")):
            yield from re.sub(r"`[^`]+`", "CODE", line).strip("|# ").split("|")


def texts(source: str) -> Iterator[str]:
    """Every string literal and docstring; the parts of an f-string as one text."""
    tree = ast.parse(source)
    inside = {part for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        match node:
            case ast.JoinedStr(values=parts):
                yield "".join(str(part.value) if isinstance(part, ast.Constant) else "CODE" for part in parts)
            case ast.Constant(value=str(text)) if node not in inside:
                yield text


def names(source: str) -> set[str]:
    """Every identifier that the source gives to something."""
    given = set()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                given.add(name)
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()) | ast.arg(arg=name):
                given.add(name)
            case ast.MatchAs(name=str(name)) | ast.alias(asname=str(name)):
                given.add(name)
    return given


def in_source(source: str) -> list[str]:
    """The objections to a module's texts and names."""
    of_names = [f"{name}: {NAMES[name]}" for name in sorted(names(source) & set(NAMES))]
    return [*of_names, *(objection for text in texts(source) for objection in objections(text))]


PRODUCT = [path for folder in ("functions", "layers", "local") for path in sorted((ROOT / folder).rglob("*.py"))]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_documents_are_plain(path: Path) -> None:
    text = path.read_text()
    # What docs/gaps.md quotes is compared with the product, and gone over there.
    for quoted in (*FIXES.values(), *DOUBT_FIXES.values()):
        text = text.replace(f"\n{quoted}\n", "\n")
    assert objections("\n".join([*prose(text), *cells(text)])) == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_sentences_are_short(path: Path) -> None:
    lengths = sentences(path.read_text())
    assert sum(lengths) / len(lengths) <= WORDS_A_SENTENCE


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= LONGEST_README


@pytest.mark.parametrize(
    "name",
    [
        *("template.yaml", "Makefile"),
        *sorted(f"organization/{path.name}" for path in (ROOT / "organization").iterdir()),
        *("docs/document.schema.json", "docs/remediation.schema.json", "docs/review.schema.json"),
    ],
)
def test_descriptions_are_plain(name: str) -> None:
    lines = (ROOT / name).read_text().splitlines()
    assert objections("\n".join(line for line in lines if not line.lstrip().startswith("#"))) == []


def test_the_product_is_plain() -> None:
    found = {path.relative_to(ROOT).as_posix(): in_source(path.read_text()) for path in PRODUCT}
    assert {path: wrong for path, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize(
    "written",
    [
        'Metric filter f asks errorCode to equal "AccessDenied", without what follows it in "AccessDeniedException".',
        "Nobody would hear of it.",
        "Switched on, the remediator did 1 of 1, judged the account again (COMPLIANT), and had AWS Config do so too",
        "As it comes it changes nothing that it audits",
        "What others made it leaves alone",
        "so that it can stand before a deployment",
        "tells the language, what is certain of it",
        "read as such: one that cannot be read keeps backout from its work",
        "whose metrics fall silent for whoever else watches them",
        "Grant nobody sqs:ReceiveMessage on it who may not.",
        "rings once and is deaf from then on",
        "CloudWatch Logs puts a metric filter's pattern to every record",
        "earlier rows are not known, none is retired",
        "logs:DescribeMetricFilters was not asked in eu-west-1",
        "Blind: eu-west-1.",
        "serves the account to whatever is led there by AWS_ENDPOINT_URL, until it is ended",
        "The role is wider than that, for want of\n    narrower resources",
    ],
)
def test_every_wrong_wording_is_found(written: str) -> None:
    assert objections(written)


@pytest.mark.parametrize("better", PHRASES.values())
def test_what_to_write_instead_is_plain(better: str) -> None:
    assert objections(better) == []


def test_texts_and_names_are_found_wherever_they_stand() -> None:
    source = '''
"""A docstring."""
class Left:
    """Another."""
    rung = f"an {x:.2f} f-string"
async def trunks(said: str) -> None:
    self.clicked = said + "a literal"
'''
    assert set(texts(source)) >= {"A docstring.", "Another.", "an CODE f-string", "a literal"}
    assert names(source) == {"Left", "rung", "trunks", "said", "clicked"}
    assert len(in_source(source)) == 5


def test_words_are_counted_by_sentence_and_not_in_code() -> None:
    text = "# No\n\nOne two `three, four` five. Six?\n\n- seven [eight](nine ten)\n- eleven\n\n    code here\n\n| a |\n"
    assert sentences(text) == [4, 1, 2, 1]
