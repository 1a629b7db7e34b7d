"""Ten thousand pairs of a required and a covering pattern, against a search of every small event.

Apart from test_find.py, whose tests take seconds.
"""

from itertools import product
from random import Random

from filter_pattern import And, Atom, Empty, Equals, Found, NotExists, Or, Predicate, unseen
from filter_pattern.conditions import MatchesRegex
from tests.unit.filter_pattern.strategies import RECORDS


def random_pattern(random: Random, depth: int = 2) -> Predicate:
    if depth and random.random() < 0.6:
        parts = [random_pattern(random, depth - 1) for _ in range(random.choice((2, 2, 3)))]
        return random.choice((And, Or))(*parts)
    text = "".join(random.choice("xy") for _ in range(random.randrange(3)))
    test = random.choice(
        (
            Equals(random.choice((text, f"{text}*", f"*{text}", f"*{text}*")), random.random() < 0.3),
            MatchesRegex(random.choice(("x+y", "^[^x]", "y$", "^x?y*$", "xx|yy")), random.random() < 0.3),
            NotExists(),
        )
    )
    return Atom(random.choice((("a",), ("b",))), test)


def test_ten_thousand_pairs_agree_with_a_search_of_every_small_event() -> None:
    random = Random(20261121)  # noqa: S311 (cases, not secrets)
    texts = ["".join(letters) for length in range(4) for letters in product("xy", repeat=length)]
    events = [{"a": a, "b": b} for a in texts for b in texts] + [{"b": b} for b in texts]
    for _ in range(10_000):
        required, covering = random_pattern(random), random_pattern(random)
        answer = unseen(required, [covering], RECORDS)
        if isinstance(answer, Found):
            assert required.matches(answer.event)
            assert not covering.matches(answer.event)
        else:
            assert answer == Empty()
            missed = (event for event in events if required.matches(event) and not covering.matches(event))
            assert next(missed, None) is None, (required, covering)
