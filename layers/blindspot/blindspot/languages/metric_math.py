"""Metric math, as far as it can be worked out: a metric, `+`, `SUM` and `FILL` with a number.

Source: CloudWatch user guide, "Using math expressions with CloudWatch metrics". An expression is written as in Python,
whose parser reads it.
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
    """What the line `returned` computes. Raises NotWorkedOut."""
    return _Reading(lines, count()).of_line(returned)


@dataclass(frozen=True, slots=True)
class _Reading:
    lines: Lines
    steps: Iterator[int]
    within: tuple[str, ...] = ()

    def of_line(self, name: str) -> Expression:
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
        return replace(self, within=(*self.within, name)).of_tree(tree)

    def of_tree(self, tree: ast.expr) -> Expression:
        match tree:
            case ast.Name(id=name):
                return self.of_line(name)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return Plus(self.of_tree(left), self.of_tree(right))
            case ast.Call(func=ast.Name(id="SUM"), args=[parts], keywords=[]):
                return Sum(self.of_list(parts))
            case ast.Call(func=ast.Name(id="FILL"), args=[part, ast.Constant(value=value)], keywords=[]):
                if isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value):
                    return Fill(self.of_tree(part), Fraction(value))
        raise NotWorkedOut

    def of_list(self, tree: ast.expr) -> tuple[Expression, ...]:
        match tree:
            case ast.List(elts=parts):
                return tuple(map(self.of_tree, parts))
            case ast.Call(func=ast.Name(id="METRICS"), args=[], keywords=[]):
                return tuple(Metric(name) for name, text in self.lines.items() if text is None)
        raise NotWorkedOut
