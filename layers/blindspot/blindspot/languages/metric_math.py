"""Metric math, the part that is supported: a metric, `+`, `SUM` and `FILL` with a number.

Source: CloudWatch user guide, "Using math expressions with CloudWatch metrics". Each line of an alarm's metric math is
a metric, or an expression of other lines. `expression` returns what a line computes in a period from the metrics'
points in that period. Everything else raises NotWorkedOut.

These expressions have Python's syntax, so Python's parser reads them. The docstring of each `parse_*` method is its
production.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import count

LONGEST = 512
"""The largest number of characters in a supported expression; nobody writes a longer sum."""

MOST_STEPS = 1000
"""Limit of lines and metrics that are parsed for one alarm: a line can occur many times in another, and that one in a
third."""

DEEPEST = 40
"""Nesting levels of an expression and the lines in it; a sum is one level, however long it is. Each takes three of the
1,000 calls on Python's stack."""

LARGEST = 2**360
"""The largest value of a metric (CloudWatch API reference, MetricDatum)."""

Point = Fraction | None
"""The value of one period; None if data is missing."""

Lines = Mapping[str, str | None]
"""An alarm's metric math: the expression of each line by its id; None for a line that is a metric."""


class NotWorkedOut(ValueError):
    """Raised for an expression that is not supported."""


@dataclass(frozen=True, slots=True)
class Metric:
    """The metric of the line with this id."""

    line: str

    def at(self, points: Mapping[str, Point]) -> Point:
        return points[self.line]

    def metrics(self) -> frozenset[str]:
        return frozenset({self.line})


@dataclass(frozen=True, slots=True)
class Plus:
    """`a + b + c`: missing if any of them is."""

    parts: tuple[Expression, ...]

    def at(self, points: Mapping[str, Point]) -> Point:
        found = [part.at(points) for part in self.parts]
        present = [point for point in found if point is not None]
        return sum(present, Fraction(0)) if len(present) == len(found) else None

    def metrics(self) -> frozenset[str]:
        return frozenset().union(*(part.metrics() for part in self.parts))


@dataclass(frozen=True, slots=True)
class Sum:
    """`SUM([a, b])`: missing if all are."""

    parts: tuple[Expression, ...]

    def at(self, points: Mapping[str, Point]) -> Point:
        present = [point for part in self.parts if (point := part.at(points)) is not None]
        return sum(present, Fraction(0)) if present else None

    def metrics(self) -> frozenset[str]:
        return frozenset().union(*(part.metrics() for part in self.parts))


@dataclass(frozen=True, slots=True)
class Fill:
    """`FILL(a, 0)`: never missing."""

    part: Expression
    value: Fraction

    def at(self, points: Mapping[str, Point]) -> Point:
        point = self.part.at(points)
        return self.value if point is None else point

    def metrics(self) -> frozenset[str]:
        return self.part.metrics()


Expression = Metric | Plus | Sum | Fill
"""`at` returns its value for these points, given by the ids of lines. `metrics` returns the ids that it depends on."""


def expression(lines: Lines, returned: str) -> Expression:
    """The expression of the line with the id `returned`. Raises NotWorkedOut."""
    return _Parser(lines, count(1)).parse_line(returned)


@dataclass(frozen=True, slots=True)
class _Parser:
    """within: the ids of the lines that contain the one that is parsed. depth: the nesting level."""

    lines: Lines
    steps: Iterator[int]
    within: tuple[str, ...] = ()
    depth: int = 0

    def parse_line(self, name: str) -> Expression:
        """line = metric | sum"""
        if name not in self.lines or name in self.within or next(self.steps) > MOST_STEPS:
            raise NotWorkedOut
        text = self.lines[name]
        if text is None:
            return Metric(name)
        if len(text) > LONGEST or not text.isascii():  # in Python, other letters can stand for those of ASCII
            raise NotWorkedOut
        try:
            tree = ast.parse(text.strip(), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):  # the last two: nested too deeply for it
            raise NotWorkedOut from None
        return replace(self, within=(*self.within, name)).parse_sum(tree)

    def parse_sum(self, tree: ast.expr) -> Expression:
        """sum = line | sum "+" sum | "SUM" "(" list ")" | "FILL" "(" sum "," number ")" """
        if self.depth == DEEPEST:
            raise NotWorkedOut
        part = replace(self, depth=self.depth + 1)
        match tree:
            case ast.Name(id=name):
                return part.parse_line(name)
            case ast.BinOp(op=ast.Add()):
                return Plus(tuple(map(part.parse_sum, _operands(tree))))
            case ast.Call(func=ast.Name(id="SUM"), args=[parts], keywords=[]):
                return Sum(part.parse_list(parts))
            case ast.Call(func=ast.Name(id="FILL"), args=[filled, ast.Constant(value=value)], keywords=[]):
                if isinstance(value, int | float) and not isinstance(value, bool) and value <= LARGEST:
                    return Fill(part.parse_sum(filled), Fraction(value))
        raise NotWorkedOut

    def parse_list(self, tree: ast.expr) -> tuple[Expression, ...]:
        """list = "[" [ sum { "," sum } ] "]" | "METRICS" "(" ")" """
        match tree:
            case ast.List(elts=parts):
                return tuple(map(self.parse_sum, parts))
            case ast.Call(func=ast.Name(id="METRICS"), args=[], keywords=[]):
                return tuple(self.parse_line(name) for name, text in self.lines.items() if text is None)
        raise NotWorkedOut


def _operands(tree: ast.expr) -> list[ast.expr]:
    """The operands of `a + b + c`, which Python reads as `(a + b) + c`."""
    operands = []
    while isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.Add):
        operands.append(tree.right)
        tree = tree.left
    return [tree, *reversed(operands)]
