"""Metric math, as far as its documentation decides what an expression computes in one period.

Source: CloudWatch user guide, "Using math expressions with CloudWatch metrics". Each line of an alarm's metric math is
a metric, or an expression of other lines. `expression` parses one, and `at` returns every value that it may have:

- Arithmetic: "Missing values in a time series are treated as 0." What divides by zero "is dropped": it is missing.
- Comparisons give 1 or 0, and a missing value beside another one is 0. AND and OR take every other number for true.
- IF drops what its condition lacks, and what has no value for a false condition. A missing value for a true one is 0.
- AVG of several time series treats missing values as 0. The guide does not say that of SUM, MAX and MIN.
- RATE is the difference to the value before, per second.

Where all time series of an operation are missing, the guide does not say whether its result is missing or that of
zeros, so both are possible. MAX and MIN of some that are missing may count these as 0, or not. Everything else raises
NotWorkedOut, which names it: functions of all data points, since these depend on how many CloudWatch retrieves, LOG,
`^`, FILL with REPEAT or LINEAR, RATE of data that may be missing, and comparisons, or AND and OR, beside each other
without parentheses.

The docstring of each `parse_*` method is its production.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import count, product
from typing import NamedTuple

LONGEST = 2048
"""The largest number of characters in an expression (CloudWatch API reference, MetricDataQuery)."""

MOST_STEPS = 1000
"""Limit of operands that are parsed for one alarm: a line can occur many times in another, and that one in a third."""

DEEPEST = 40
"""Nesting levels of an expression and the lines in it; a sum is one level, however long it is. Each takes at most
seven of the 1,000 calls on Python's stack."""

MOST_VALUES = 8
"""Limit of the values that an expression may have in one period, of which each is looked at."""

LARGEST = 2**360
"""The largest value of a metric (CloudWatch API reference, MetricDatum)."""


HUGE = 2**1100
"""Limit of numerators and denominators: no number of CloudWatch is as large or as small."""


class Range(NamedTuple):
    """Every value from `low` to `high`."""

    low: Fraction
    high: Fraction

    @classmethod
    def of(cls, value: Fraction | int) -> Range:
        """One value."""
        return cls(Fraction(value), Fraction(value))


Point = Range | None
"""The value of one period; None if data is missing."""

Points = tuple[Point, ...]
"""Every value that one period may have."""

History = Sequence[Mapping[str, Points]]
"""By the ids of lines, the points of the metrics in a period, in the one before it, and so on. Those of the last one
were so at all times before."""

Lines = Mapping[str, str | None]
"""An alarm's metric math: the expression of each line by its id; None for a line that is a metric."""


class NotWorkedOut(ValueError):
    """Raised for an expression that is not supported; it says which part of it."""


ZERO, ONE = Range.of(0), Range.of(1)


@dataclass(frozen=True, slots=True)
class Metric:
    """The metric of the line with this id."""

    line: str

    def at(self, history: History) -> Points:
        return history[0][self.line]

    def parts(self) -> Iterable[Expression]:
        return ()


@dataclass(frozen=True, slots=True)
class Number:
    """A scalar."""

    value: Fraction

    def at(self, _: History) -> Points:
        return (Range.of(self.value),)

    def parts(self) -> Iterable[Expression]:
        return ()


Compute = Callable[[Range, Range], Iterable[Point]]


@dataclass(frozen=True, slots=True)
class Operation:
    """`a + b - c`: what the operators compute of values that are not missing, from the left to the right.

    missing_may_be_left_out: whether the operators may leave out what is missing, and not take it for 0.
    """

    first: Expression
    rest: tuple[tuple[Compute, Expression], ...]
    missing_may_be_left_out: bool = False

    def at(self, history: History) -> Points:
        found, is_number = self.first.at(history), isinstance(self.first, Number)
        for compute, part in self.rest:
            numbers = is_number + isinstance(part, Number)
            pairs = product(found, part.at(history))
            found = _distinct(point for one, other in pairs for point in self._of(compute, one, other, numbers))
            is_number = numbers == 2
        return found

    def _of(self, compute: Compute, one: Point, other: Point, numbers: int) -> Iterator[Point]:
        present = [point for point in (one, other) if point is not None]
        if len(present) == numbers < 2:  # all time series are missing
            yield None
        if self.missing_may_be_left_out and len(present) == 1:
            yield present[0]
        yield from compute(one or ZERO, other or ZERO)

    def parts(self) -> Iterable[Expression]:
        return (self.first, *(part for _, part in self.rest))


@dataclass(frozen=True, slots=True)
class Absolute:
    """`ABS(a)`: missing if `a` is."""

    part: Expression

    def at(self, history: History) -> Points:
        return _distinct(point and _absolute(point) for point in self.part.at(history))

    def parts(self) -> Iterable[Expression]:
        return (self.part,)


@dataclass(frozen=True, slots=True)
class Fill:
    """`FILL(a, b)`: b where a is missing."""

    part: Expression
    filler: Expression

    def at(self, history: History) -> Points:
        points = self.part.at(history)
        fillers = self.filler.at(history) if None in points else ()
        return _distinct((*(point for point in points if point is not None), *fillers))

    def parts(self) -> Iterable[Expression]:
        return (self.part, self.filler)


@dataclass(frozen=True, slots=True)
class If:
    """`IF(condition, a, b)`, or without b."""

    condition: Expression
    then: Expression
    otherwise: Expression | None

    def at(self, history: History) -> Points:
        return _distinct(
            value for condition in self.condition.at(history) for value in self._values(condition, history)
        )

    def _values(self, condition: Point, history: History) -> Iterator[Point]:
        if condition is None:
            yield None
            return
        if _may_be_true(condition):
            yield from (ZERO if point is None else point for point in self.then.at(history))
        if _may_be_false(condition):
            yield from self.otherwise.at(history) if self.otherwise else (None,)

    def parts(self) -> Iterable[Expression]:
        return (self.condition, self.then, *([self.otherwise] if self.otherwise else []))


@dataclass(frozen=True, slots=True)
class Rate:
    """`RATE(a)`: the change of `a` since the period before, which began `seconds` earlier, per second."""

    part: Expression
    seconds: int

    def at(self, history: History) -> Points:
        found: list[Point] = []
        for now, before in product(self.part.at(history), self.part.at(history[1:] or history)):
            if now is None or before is None:
                raise NotWorkedOut("RATE of data that may be missing")
            found.append(Range((now.low - before.high) / self.seconds, (now.high - before.low) / self.seconds))
        return _distinct(found)

    def parts(self) -> Iterable[Expression]:
        return (self.part,)


Expression = Metric | Number | Operation | Absolute | Fill | If | Rate
"""`at` returns its values for a history, and raises NotWorkedOut. `parts` returns the expressions that it is of."""


def every_part(of: Expression) -> Iterator[Expression]:
    """The expression, and all that are in it."""
    waiting = [of]
    while waiting:
        found = waiting.pop()
        yield found
        waiting += found.parts()


def metrics_of(of: Expression) -> frozenset[str]:
    """The ids of the metrics that it depends on."""
    return frozenset(part.line for part in every_part(of) if isinstance(part, Metric))


def _distinct(points: Iterable[Point]) -> Points:
    found = tuple(dict.fromkeys(points))
    if len(found) > MOST_VALUES:
        raise NotWorkedOut("too many values that it may have")
    return found


def _absolute(point: Range) -> Range:
    low, high = sorted((abs(point.low), abs(point.high)))
    return Range(Fraction(0) if _may_be_false(point) else low, high)


def _may_be_false(point: Range) -> bool:
    return point.low <= 0 <= point.high


def _may_be_true(point: Range) -> bool:
    return point != ZERO


def _corners(compute: Callable[[Fraction, Fraction], Fraction]) -> Compute:
    """An operator that is monotonic in each of its operands."""

    def of(one: Range, other: Range) -> Iterable[Point]:
        found = [compute(a, b) for a, b in product(one, other)]
        if any(max(abs(value.numerator), value.denominator) > HUGE for value in found):
            raise NotWorkedOut("numbers that are too large")
        return (Range(min(found), max(found)),)

    return of


def _divide(one: Range, other: Range) -> Iterable[Point]:
    if other == ZERO:
        return (None,)
    if _may_be_false(other):
        raise NotWorkedOut("a division by what may be 0")
    return _corners(operator.truediv)(one, other)


def _compare(holds: Callable[[Fraction, Fraction], bool]) -> Compute:
    """One of `<`, `<=`, `>` and `>=`, which are monotonic in each of their operands."""
    return lambda one, other: tuple({ONE if holds(a, b) else ZERO for a, b in product(one, other)})


def _equal(one: Range, other: Range) -> Iterable[Point]:
    may_be = one.low <= other.high and other.low <= one.high
    surely = may_be and one.low == one.high == other.low == other.high
    return (ONE,) if surely else (ZERO, ONE) if may_be else (ZERO,)


def _unequal(one: Range, other: Range) -> Iterable[Point]:
    return tuple(ONE if equal == ZERO else ZERO for equal in _equal(one, other))


def _logical(holds: Callable[[bool, bool], bool]) -> Compute:
    def of(one: Range, other: Range) -> Iterable[Point]:
        return tuple({ONE if holds(a, b) else ZERO for a, b in product(_truths(one), _truths(other))})

    return of


def _truths(point: Range) -> list[bool]:
    return [True] * _may_be_true(point) + [False] * _may_be_false(point)


_ADD, _MULTIPLY = _corners(operator.add), _corners(operator.mul)
_SUMS = {"+": _ADD, "-": _corners(operator.sub)}
_PRODUCTS = {"*": _MULTIPLY, "/": _divide}
_COMPARISONS = {
    "==": _equal,
    "!=": _unequal,
    "<=": _compare(operator.le),
    ">=": _compare(operator.ge),
    "<": _compare(operator.lt),
    ">": _compare(operator.gt),
}
_LOGICAL = dict.fromkeys(("AND", "&&"), _logical(operator.and_)) | dict.fromkeys(("OR", "||"), _logical(operator.or_))
_LEVELS: Sequence[tuple[Mapping[str, Compute], str]] = (
    (_LOGICAL, "AND or OR"),
    (_COMPARISONS, "a comparison"),
    (_SUMS, ""),
    (_PRODUCTS, ""),
)
"""The operators of each level, the loosest first, and what they are if they are documented for single time series
alone."""

_OF_SEVERAL = {"SUM": _ADD, "AVG": _ADD, "MAX": _corners(max), "MIN": _corners(min)}

_TOKEN = re.compile(
    r"""\s*+(?: (?P<number>[0-9]++(?:\.[0-9]++)?) | (?P<name>[a-z][A-Za-z0-9_]*+) | (?P<word>[A-Z][A-Z0-9_]*+)
    | (?P<sign>==|!=|<=|>=|&&|\|\||[-+*/<>()\[\],]) | (?P<text>"[^"]*+"|'[^']*+') )""",
    re.VERBOSE,
)

Parsed = Expression | tuple["Expression", ...]
"""An expression, or an array of them."""


def expression(lines: Lines, returned: str, seconds: int | None = None) -> Expression:
    """The expression of the line with the id `returned`. Raises NotWorkedOut.

    seconds: the period of all its metrics; None if they have several.
    """
    found = _Line(lines, seconds, count(1)).parse(returned)
    if isinstance(found, tuple) or not metrics_of(found):
        raise NotWorkedOut("an expression that is not one time series")
    return found


@dataclass(frozen=True, slots=True)
class _Line:
    """What the lines in each other share. within: the ids of those that contain the one that is parsed. depth: the
    nesting level. is_rate: whether it is in a RATE."""

    lines: Lines
    seconds: int | None
    steps: Iterator[int]
    within: tuple[str, ...] = ()
    depth: int = 0
    is_rate: bool = False

    def parse(self, name: str) -> Parsed:
        """line = metric | disjunction"""
        if name not in self.lines:
            raise NotWorkedOut(name)
        text = self.lines[name]
        if text is None:
            return Metric(name)
        if name in self.within:
            raise NotWorkedOut(f"{name}, which refers to itself")
        if len(text) > LONGEST:
            raise NotWorkedOut(f"{name}, which is too long")
        return _Parser(text, replace(self, within=(*self.within, name))).parse()


class _Parser:
    """Parses the text of one line."""

    def __init__(self, text: str, line: _Line) -> None:
        self.text = text
        self.line = line
        self.position = 0
        self.depth = line.depth
        self.is_rate = line.is_rate

    def parse(self) -> Parsed:
        found = self.parse_operation()
        if self.text[self.position :].strip():
            raise self.unexpected()
        return found

    def parse_operation(self, loosest: int = 0) -> Parsed:
        """operation = comparison { "AND" comparison } | comparison { "OR" comparison }
        comparison = sum [ ("==" | "!=" | "<=" | ">=" | "<" | ">") sum ]
        sum = product { ("+" | "-") product }
        product = factor { ("*" | "/") factor }

        Of one factor to the next, from the operators that bind most to the loosest.
        """
        if self.depth == DEEPEST:
            raise NotWorkedOut("an expression that is nested too deeply")
        self.depth += not loosest
        found = self.parse_factor()
        for level in reversed(range(loosest, len(_LEVELS))):
            operators, of_single = _LEVELS[level]
            rest: list[tuple[Compute, Parsed]] = []
            while sign := self.take(*operators):
                if of_single and rest and (operators is _COMPARISONS or operators[sign] is not rest[0][0]):
                    raise NotWorkedOut(f"{of_single} beside another without parentheses")
                rest.append((operators[sign], self.parse_operation(level + 1)))
            if rest:
                found = _operation(found, rest, of_single)
        self.depth -= not loosest
        return found

    def parse_factor(self) -> Parsed:
        """factor = { "-" } ( number | line | array | "(" operation ")" | function )"""
        negative = False
        while self.take("-"):
            negative = not negative
        found = self.parse_operand()
        if not negative:
            return found
        if isinstance(found, Number):
            return Number(-found.value)
        return _operation(Number(Fraction(-1)), [(_MULTIPLY, found)])

    def parse_operand(self) -> Parsed:
        if next(self.line.steps) > MOST_STEPS:
            raise NotWorkedOut("lines that are too large")
        token = _TOKEN.match(self.text, self.position)
        if token is None:
            raise self.unexpected()
        if self.take("("):
            found = self.parse_operation()
            self.expect(")")
            return found
        if self.take("["):
            return self.parse_array()
        if token["number"]:
            value = Fraction(token["number"])
            if value > LARGEST:
                raise self.unexpected()
            self.position = token.end()
            return Number(value)
        if token["name"]:
            self.position = token.end()
            return replace(self.line, depth=self.depth, is_rate=self.is_rate).parse(token["name"])
        if token["word"]:
            self.position = token.end()
            return self.parse_function(token["word"])
        raise self.unexpected()

    def parse_array(self) -> tuple[Expression, ...]:
        """array = "[" operation { "," operation } "]" """
        found = [self.parse_operation()]
        while self.take(","):
            found.append(self.parse_operation())
        self.expect("]")
        return tuple(part for each in found for part in (each if isinstance(each, tuple) else (each,)))

    def parse_function(self, name: str) -> Parsed:
        """function = "METRICS" "(" [ text ] ")" | ("SUM" | "AVG" | "MAX" | "MIN" | "ABS" | "RATE") "(" operation ")"
        | "FILL" "(" operation "," operation ")" | "IF" "(" operation "," operation [ "," operation ] ")" """
        if name == "METRICS":
            return self.parse_metrics()
        if name not in (*_OF_SEVERAL, "ABS", "RATE", "FILL", "IF"):
            raise NotWorkedOut(name)
        self.expect("(")
        was_rate, self.is_rate = self.is_rate, self.is_rate or name == "RATE"
        if name == "RATE" and (was_rate or not self.line.seconds):
            raise NotWorkedOut("RATE in RATE" if was_rate else "RATE of metrics with several periods")
        arguments = [self.parse_operation()]
        while self.take(","):
            if name == "FILL" and (way := self.take("REPEAT", "LINEAR")):
                raise NotWorkedOut(f"FILL with {way}")
            arguments.append(self.parse_operation())
        self.expect(")")
        self.is_rate = was_rate
        return self.apply(name, arguments)

    def parse_metrics(self) -> tuple[Expression, ...]:
        self.expect("(")
        token = _TOKEN.match(self.text, self.position)
        wanted = token["text"] if token else None
        if token and wanted:
            self.position = token.end()
        self.expect(")")
        found = [name for name, text in self.line.lines.items() if text is None and (wanted or "''")[1:-1] in name]
        if not found or any(next(self.line.steps) > MOST_STEPS for _ in found):
            raise NotWorkedOut("METRICS")
        return tuple(map(Metric, found))

    def apply(self, name: str, arguments: Sequence[Parsed]) -> Parsed:
        """What the function is of these arguments."""
        match name, arguments:
            case (("SUM" | "AVG" | "MAX" | "MIN"), [tuple() as several]):
                rest = tuple((_OF_SEVERAL[name], part) for part in several[1:])
                found = Operation(several[0], rest, missing_may_be_left_out=name in ("MAX", "MIN"))
                return found if name != "AVG" else Operation(found, ((_divide, Number(Fraction(len(several)))),))
            case (("SUM" | "AVG" | "MAX" | "MIN"), _):
                raise NotWorkedOut(f"{name} of one time series")
            case "ABS", [one]:
                return _each(one, Absolute)
            case "RATE", [one]:
                return _each(one, lambda part: Rate(part, self.line.seconds or 0))
            case "FILL", [one, filler] if not isinstance(filler, tuple):
                return _each(one, lambda part: Fill(part, filler))
            case "IF", [_, _] | [_, _, _]:
                condition, then, *otherwise = (_one_of(part, "IF of an array") for part in arguments)
                if isinstance(condition, Number):
                    raise NotWorkedOut("IF of a number")
                return If(condition, then, otherwise[0] if otherwise else None)
        raise NotWorkedOut(f"{name} of other arguments")

    def take(self, *tokens: str) -> str | None:
        """The next token, if it is one of these; if so, skips it."""
        found = _TOKEN.match(self.text, self.position)
        token = found and (found["sign"] or found["word"])
        if not found or token not in tokens:
            return None
        self.position = found.end()
        return token

    def expect(self, token: str) -> None:
        if not self.take(token):
            raise self.unexpected()

    def unexpected(self) -> NotWorkedOut:
        return NotWorkedOut(self.text[self.position :].strip()[:40] or "the end of an expression")


def _operation(first: Parsed, rest: Sequence[tuple[Compute, Parsed]], of_single: str = "") -> Parsed:
    """The operation on these operands. One on an array is one on each of its elements.

    of_single: the operation, if it is documented for single time series alone.
    """
    arrays = [part for part in (first, *(part for _, part in rest)) if isinstance(part, tuple)]
    if arrays and (of_single or len(arrays) > 1):
        raise NotWorkedOut(f"{of_single or 'an operation'} on an array")

    def with_element(element: Expression) -> Operation:
        return Operation(_element(first, element), tuple((compute, _element(part, element)) for compute, part in rest))

    if arrays:
        return tuple(map(with_element, arrays[0]))
    return _folded(with_element(Number(Fraction(0))))


def _element(part: Parsed, element: Expression) -> Expression:
    return element if isinstance(part, tuple) else part


def _folded(operation: Operation) -> Expression:
    """The number that an operation on numbers is."""
    if not all(isinstance(part, Number) for part in operation.parts()):
        return operation
    (found,) = operation.at(())
    if found is None:
        raise NotWorkedOut("a division by 0")
    return Number(found.low)


def _each(of: Parsed, made: Callable[[Expression], Expression]) -> Parsed:
    return tuple(map(made, of)) if isinstance(of, tuple) else made(of)


def _one_of(part: Parsed, otherwise: str) -> Expression:
    if isinstance(part, tuple):
        raise NotWorkedOut(otherwise)
    return part
