"""Metric math, as far as it can be worked out: a metric, `+`, `SUM` and `FILL` with a number.

Source: CloudWatch user guide, "Using math expressions with CloudWatch metrics". An expression is written as in Python,
whose parser reads it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import count
from math import isfinite

from blindspot.snapshot import MetricQuery

LONGEST = 512
"""Characters in an expression that is worked out; nobody adds up more than that by hand."""

MOST_STEPS = 1000
"""Queries looked at for one alarm: each may stand in another many times, and that one in a third."""

Point = Fraction | None
"""The value of one period; None where data are missing."""


class NotWorkedOut(ValueError):
    """Raised for an expression that is beyond what is worked out here."""


@dataclass(frozen=True, slots=True)
class Metric:
    """The metric of a query."""

    query: MetricQuery

    def at(self, points: Mapping[MetricQuery, Point]) -> Point:
        return points[self.query]

    def metrics(self) -> frozenset[MetricQuery]:
        return frozenset({self.query})


@dataclass(frozen=True, slots=True)
class Plus:
    """`a + b`: missing where either is."""

    left: Expression
    right: Expression

    def at(self, points: Mapping[MetricQuery, Point]) -> Point:
        left, right = self.left.at(points), self.right.at(points)
        return None if left is None or right is None else left + right

    def metrics(self) -> frozenset[MetricQuery]:
        return self.left.metrics() | self.right.metrics()


@dataclass(frozen=True, slots=True)
class Sum:
    """`SUM([a, b])`: missing where all are."""

    parts: tuple[Expression, ...]

    def at(self, points: Mapping[MetricQuery, Point]) -> Point:
        present = [point for part in self.parts if (point := part.at(points)) is not None]
        return sum(present, Fraction(0)) if present else None

    def metrics(self) -> frozenset[MetricQuery]:
        return frozenset().union(*(part.metrics() for part in self.parts))


@dataclass(frozen=True, slots=True)
class Fill:
    """`FILL(a, 0)`: never missing."""

    part: Expression
    value: Fraction

    def at(self, points: Mapping[MetricQuery, Point]) -> Point:
        point = self.part.at(points)
        return self.value if point is None else point

    def metrics(self) -> frozenset[MetricQuery]:
        return self.part.metrics()


Expression = Metric | Plus | Sum | Fill
"""`at` gives its value where its metrics have these, `metrics` the metrics that it is made of."""


def expression(queries: Sequence[MetricQuery]) -> Expression:
    """What an alarm compares with its threshold: the query that is returned. Raises NotWorkedOut."""
    returned = [query for query in queries if query.returned]
    if len(returned) != 1:
        raise NotWorkedOut
    return _Reading({query.name: query for query in queries}, count()).of_query(returned[0].name)


@dataclass(frozen=True, slots=True)
class _Reading:
    queries: Mapping[str, MetricQuery]
    steps: Iterator[int]
    within: tuple[str, ...] = ()

    def of_query(self, name: str) -> Expression:
        query = self.queries.get(name)
        if query is None or name in self.within or next(self.steps) > MOST_STEPS:
            raise NotWorkedOut
        if query.expression is None:
            return Metric(query)
        if len(query.expression) > LONGEST:
            raise NotWorkedOut
        try:
            tree = ast.parse(query.expression.strip(), mode="eval").body
        except (SyntaxError, ValueError, RecursionError):
            raise NotWorkedOut from None
        return replace(self, within=(*self.within, name)).of_tree(tree)

    def of_tree(self, tree: ast.expr) -> Expression:
        match tree:
            case ast.Name(id=name):
                return self.of_query(name)
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
                return tuple(Metric(query) for query in self.queries.values() if query.expression is None)
        raise NotWorkedOut
