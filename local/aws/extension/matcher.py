"""What TestMetricFilter makes of a pattern: a second reading of AWS's pages on filter patterns.

It shares no code with `filter_pattern`, which it checks. It tests one message against a pattern, and nothing else.
The rules are of "Filter pattern syntax" in the CloudWatch Logs user guide and of the TestMetricFilter reference.
"""

import json
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

Test = Callable[[Any], bool]

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,9})?", re.ASCII)
WORD = r"""[^\s()\[\]{}=!<>&|"%,']+"""
QUOTED = r'"(?:[^"\\]|\\.)*"'
REGULAR = r"%(?:[^%\\]|\\.)+%"
STEP = r"\.?\['([^']+)'\]|\.([\w-]+)|\[(\d+)\]|(\.\*|\[\*\])"
TERM = re.compile(rf"\s*([?-]?)\s*({QUOTED}|\w+)(?=\s|\Z)", re.ASCII | re.DOTALL)
FIELD = re.compile(r'\[([^\]]*)\]|"([^"]*)"|(\S+)')
IN_REGULAR = re.compile(r"%([\w :#=@/;,^$?\[\]{}|*+.-]|\\[dDsSwW]|\\x[0-9A-Fa-f]{2}|\\[$^?\[\]{}|\\*+.])+%", re.ASCII)
ORDERS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
CONSTANTS = {"NULL": None, "TRUE": True, "FALSE": False}


class Malformed(ValueError):
    """AWS refuses the pattern."""


class Number(str):
    """A number as its message writes it: a quoted value is compared with that text."""


def matcher(pattern: str) -> Callable[[str], bool]:
    """Whether a message matches; raises Malformed at once."""
    read = {"{": _json, "[": _fields, "%": _regular}.get(pattern[:1], _terms)
    try:
        return read(pattern.rstrip())
    except RecursionError as error:
        raise Malformed("The parentheses are too deep.") from error


def _terms(pattern: str) -> Callable[[str], bool]:
    signs: dict[str, list[str]] = {"": [], "?": [], "-": []}
    at = 0
    while at < len(pattern):
        if not (found := TERM.match(pattern, at)):
            raise Malformed(f"Invalid character(s) in term '{pattern[at:].strip()}'")
        term = _unquoted(found[2])
        signs[found[1]].append(term if term.strip() else "")  # a quoted blank matches everything
        at = found.end()
    wanted, some, unwanted = signs.values()
    return lambda message: (
        all(term in message for term in wanted)
        and not any(term in message for term in unwanted)
        # Beside other terms those with a question mark are ignored.
        and (bool(wanted or unwanted) or not some or any(term in message for term in some))
    )


@dataclass
class _Reader:
    """Reads conditions from left to right, each into a test of a record, or of a field."""

    text: str
    at: int = 0
    regular: int = 0
    wildcards: int = 0
    names: set[str] = field(default_factory=set)

    def take(self, wanted: str) -> str | None:
        found = re.compile(rf"\s*({wanted})", re.ASCII | re.DOTALL).match(self.text, self.at)
        self.at = found.end() if found else self.at
        return found[1] if found else None

    def need(self, wanted: str) -> str:
        found = self.take(wanted)
        if found is None:
            raise Malformed(f"At character {self.at + 1} should be {wanted}")
        return found

    def end(self, wanted: str) -> None:
        self.need(rf"{wanted}\Z")
        if self.regular > 2 or self.wildcards > 3:
            raise Malformed("A pattern holds at most two regular expressions and three wildcards.")

    def some(self, wanted: str, read: Callable[[], Any]) -> list[Any]:
        found = [read()]
        while self.take(wanted):
            found.append(read())
        return found

    def either(self) -> Test:
        tests = self.some(r"\|\|", lambda: self.some("&&", self.one))
        return lambda value: any(all(test(value) for test in both) for both in tests)

    def one(self) -> Test:
        if self.take(r"\("):
            test = self.either()
            self.need(r"\)")
            return test
        if self.text.startswith("["):
            self.names.add(self.need(r"[\w-]+"))
            return self.comparison()
        steps = re.findall(STEP, self.need(rf"\$(?:{STEP})+"), re.ASCII)
        wildcards = sum(bool(wildcard) for *_, wildcard in steps)
        self.wildcards += wildcards
        if wildcards > 1:
            raise Malformed("A selector holds at most one wildcard.")
        if self.take(r"NOT\s+EXISTS\b"):
            return lambda record: not _selected(record, steps)
        if self.take(r"IS\b"):
            constant = CONSTANTS[self.need(r"(?:NULL|TRUE|FALSE)\b")]
            return lambda record: any(value is constant for value in _selected(record, steps))
        compare = self.comparison()
        return lambda record: any(compare(value) for value in _selected(record, steps))

    def comparison(self) -> Test:
        sign = self.need("!=|<=|>=|=|<|>")
        if order := ORDERS.get(sign):
            number = Decimal(self.need(rf"{NUMBER.pattern}(?!{WORD})"))
            return lambda value: isinstance(value, Number) and order(Decimal(value), number)
        equal = self.operand()
        # Only texts and numbers are compared: anything else neither equals nor differs.
        return lambda value: isinstance(value, str) and equal(value) is (sign == "=")

    def operand(self) -> Test:
        if expression := self.take(REGULAR):
            self.regular += 1
            return _regular(expression)
        if quoted := self.take(QUOTED):
            return _text(_unquoted(quoted))
        word = self.need(WORD)
        if NUMBER.fullmatch(word):
            return lambda value: isinstance(value, Number) and Decimal(value) == Decimal(word)
        return _text(word)

    def slot(self) -> tuple[Test | None, bool]:
        """The test of a field, or None for `...`; and whether the field has a name, so that it may take the rest."""
        if self.take(r"\.\.\."):
            return None, False
        name = self.take(r"[\w-]*(?=\s*[,\]])")
        if name is not None:
            return lambda _: True, name != ""
        self.names = set()
        test = self.either()
        if len(self.names) > 1:
            raise Malformed("The conditions on a field all name it alike.")
        return test, True


def _json(pattern: str) -> Callable[[str], bool]:
    reader = _Reader(pattern, at=1)
    test = reader.either()
    reader.end("}")

    def matches(message: str) -> bool:
        try:  # `int` refuses NaN and Infinity, which JSON has not
            record = json.loads(message, parse_int=_number, parse_float=_number, parse_constant=int)
        except (ValueError, RecursionError):
            return False
        return isinstance(record, dict | list) and test(record)

    return matches


def _selected(value: Any, steps: list[tuple[str, str, str, str]]) -> list[Any]:
    if not steps:
        return [value]
    quoted, name, index, wildcard = steps[0]
    key, below = quoted or name, []
    if isinstance(value, dict):
        below = list(value.values()) if wildcard == ".*" else [value[key]] if key and key in value else []
    elif isinstance(value, list):
        below = value if wildcard == "[*]" else value[int(index) :][:1] if index else []
    return [found for each in below for found in _selected(each, steps[1:])]


def _fields(pattern: str) -> Callable[[str], bool]:
    reader = _Reader(pattern, at=1)
    slots = reader.some(",", reader.slot)
    reader.end(r"\]")
    tests = [test for test, _ in slots if test]
    if len(tests) < len(slots) - 1:
        raise Malformed("... stands at most once.")
    gap = slots.index((None, False)) if len(tests) < len(slots) else None

    def matches(message: str) -> bool:
        found = list(FIELD.finditer(message))
        values = [next(filter(None, part.groups()), "") for part in found]
        more = len(values) - len(tests)
        if more > 0 and gap is not None:
            del values[gap : gap + more]
        elif more > 0 and slots[-1][1]:
            values[len(tests) - 1 :] = [message[found[len(tests) - 1].start() :]]
        return len(values) == len(tests) and all(
            test(_number(value)) for test, value in zip(tests, values, strict=True)
        )

    return matches if re.search(r"[^\s\[\]]", pattern) else lambda _: True


def _number(text: str) -> str:
    return Number(text) if NUMBER.fullmatch(text) else text


def _unquoted(term: str) -> str:
    return re.sub(r"\\(.)", r"\1", term[1:-1], flags=re.DOTALL) if term.startswith('"') else term


def _text(wanted: str) -> Test:
    """Each piece between asterisks stands where it first fits: recorded on AWS, which looks no further."""
    first, *pieces = (re.escape(piece) for piece in wanted.split("*"))
    end = "" if pieces and not pieces[-1] else r"\Z"
    compiled = re.compile(first + "".join(f"(?>.*?{piece})" for piece in pieces) + end, re.DOTALL)
    return lambda value: compiled.match(value) is not None


def _regular(term: str) -> Callable[[str], bool]:
    if not IN_REGULAR.fullmatch(term):
        raise Malformed(f"{term} holds what a regular expression may not.")
    try:
        compiled = re.compile(term[1:-1], re.ASCII)
    except re.error as error:
        raise Malformed(f"{term} is no regular expression: {error}.") from error
    return lambda value: compiled.search(value) is not None
