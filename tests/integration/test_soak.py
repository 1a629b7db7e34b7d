"""The quick form of `make soak`."""

from dataclasses import replace

from tests.soak.soaking import Limits, Measured, soak


def test_nothing_grows_and_no_verdict_is_stale() -> None:
    _, first, *_, last = soak(300, every=60)
    assert last.evaluations == 300
    assert Limits(objects=400).exceeded(first, last) == []


def test_growth_is_noticed() -> None:
    first = Measured(100, 50_000, 300, 1, 8)
    last = replace(first, objects=first.objects + 9_000, threads=9, files=9)
    assert Limits().exceeded(first, last) == ["9,000 more objects", "8 more threads"]
    assert Limits().exceeded(first, replace(first, megabytes=309)) == []
