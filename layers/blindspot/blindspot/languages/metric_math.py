"""Metric math, as far as it is worked out: a metric, `+`, `SUM` and `FILL` with a number.

Source: CloudWatch user guide, "Using math expressions with CloudWatch metrics". Where an alarm watches math, each of
its lines is a metric or an expression of other lines; `expression` gives what one of them computes in a period, from
the points of the metrics in that period. What goes beyond is not guessed: it raises NotWorkedOut.

These expressions are written as in Python, so Python's parser reads them. The docstring of each `parse_*` method is its
production.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import count
from math import isfinite

LONGEST = 512
"""Characters in an expression that is worked out; nobody adds up more than that by hand."""

MOST_STEPS = 1000
"""Lines looked at for one alarm: each may stand in another many times, and that one in a third."""

DEEPEST = 300
"""Levels of an expression, with those of the lines in it; each takes two calls of Python's stack, which holds 1,000."""

Point = Fraction | None
"""The value of one period; None where data are missing."""

Lines = Mapping[str, str | None]
"""An alarm's metric math: by the id of a line its expression, None where the line is a metric."""


class NotWorkedOut(ValueError):
    """Raised for an expression that is beyond what is worked out here."""


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
    """`a + b`: missing where either is."""

    left: Expression
    right: Expression

    def at(self, points: Mapping[str, Point]) -> Point:
        left, right = self.left.at(points), self.right.at(points)
        return None if left is None or right is None else left + right

    def metrics(self) -> frozenset[str]:
        return self.left.metrics() | self.right.metrics()


@dataclass(frozen=True, slots=True)
class Sum:
    """`SUM([a, b])`: missing where all are."""

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
"""`at` gives its value where its metrics, by the ids of their lines, have these; `metrics` the ids it is made of."""


def expression(lines: Lines, returned: str) -> Expression:
    """What the line with the id `returned` computes. Raises NotWorkedOut."""
    return _Parser(lines, count(1)).parse_line(returned)


@dataclass(frozen=True, slots=True)
class _Parser:
    """within: the ids of the lines that the one being read is part of. depth: levels of the expression so far."""

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
        if len(text) > LONGEST:
            raise NotWorkedOut
        try:
            tree = ast.parse(text.strip(), mode="eval").body
        except (SyntaxError, ValueError, RecursionError):
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
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return Plus(part.parse_sum(left), part.parse_sum(right))
            case ast.Call(func=ast.Name(id="SUM"), args=[parts], keywords=[]):
                return Sum(part.parse_list(parts))
            case ast.Call(func=ast.Name(id="FILL"), args=[filled, ast.Constant(value=value)], keywords=[]):
                if isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value):
                    return Fill(part.parse_sum(filled), Fraction(value))
        raise NotWorkedOut

    def parse_list(self, tree: ast.expr) -> tuple[Expression, ...]:
        """list = "[" [ sum { "," sum } ] "]" | "METRICS" "(" ")" """
        match tree:
            case ast.List(elts=parts):
                return tuple(map(self.parse_sum, parts))
            case ast.Call(func=ast.Name(id="METRICS"), args=[], keywords=[]):
                return tuple(Metric(name) for name, text in self.lines.items() if text is None)
        raise NotWorkedOut
