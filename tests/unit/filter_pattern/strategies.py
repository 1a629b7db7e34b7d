"""Generated patterns, and a small world of events that is searched by brute force."""

from itertools import product

from hypothesis import strategies as st

from filter_pattern import And, Atom, Equals, Field, Not, NotExists, Or, Predicate, Records
from filter_pattern.conditions import MISSING, ORDER, Compare, EqualsNumber, Is, MatchesRegex
from filter_pattern.records import STRING

FIELDS = (("a",), ("b",), ("c", "d"))
TEXTS = ["".join(letters) for length in range(4) for letters in product("xy", repeat=length)]

values = st.text("xy", max_size=2).flatmap(lambda text: st.sampled_from([text, f"{text}*", f"*{text}", f"*{text}*"]))
starred = st.text("xy*", max_size=5)


def atoms(texts: st.SearchStrategy[str] = values) -> st.SearchStrategy[Atom]:
    tests = st.one_of(
        st.builds(Equals, texts, st.booleans()),
        st.builds(MatchesRegex, st.sampled_from(("x+y", "^[^x]", "y$", "^x?y{1,2}$", "xx|yy", r"\w")), st.booleans()),
        st.just(NotExists()),
    )
    return st.builds(Atom, st.sampled_from(FIELDS), tests)


def patterns(texts: st.SearchStrategy[str] = values) -> st.SearchStrategy[Predicate]:
    """What a pattern can say: no negation but `!=`."""
    return st.recursive(
        atoms(texts),
        lambda inner: st.lists(inner, min_size=2, max_size=3).flatmap(
            lambda parts: st.sampled_from([And(*parts), Or(*parts)])
        ),
        max_leaves=6,
    )


predicates = st.recursive(
    atoms(),
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.lists(inner, max_size=3).flatmap(lambda parts: st.sampled_from([And(*parts), Or(*parts)])),
    ),
    max_leaves=6,
)

numeric = st.one_of(
    st.builds(EqualsNumber, st.sampled_from(("1", "1.0", "2", "-1")), st.booleans()),
    st.builds(Compare, st.sampled_from(sorted(ORDER)), st.sampled_from(("0", "1", "1.5", "2"))),
    st.sampled_from((NotExists(), Is(None), Is(True))),
)
comparisons = st.recursive(
    st.builds(Atom, st.sampled_from((("n",), ("m",))), numeric),
    lambda inner: st.lists(inner, min_size=1, max_size=3).flatmap(
        lambda parts: st.sampled_from([And(*parts), Or(*parts), Not(parts[0])])
    ),
    max_leaves=5,
)
ANY_VALUES: tuple[object, ...] = (
    -2,
    -1,
    0,
    0.5,
    1,
    1.25,
    1.5,
    1.75,
    2,
    3,
    None,
    True,
    False,
    "1",
    "1.0",
    "x",
    {},
    [],
    MISSING,
)
NUMERIC_EVENTS = [
    {key: value for key, value in (("n", n), ("m", m)) if value is not MISSING} for n in ANY_VALUES for m in ANY_VALUES
]

SOMETIMES, PRESENT = Field(frozenset({STRING})), Field(frozenset({STRING}), always=True)
RECORDS = Records(
    {("a",): SOMETIMES, ("b",): PRESENT, ("c",): Field(frozenset({"object"})), ("c", "d"): SOMETIMES},
    samples=({"b": "zz"},),
)


def _event(a: object, b: object, d: object) -> dict[str, object]:
    inner = {} if d is MISSING else {"d": d}
    return {key: value for key, value in (("a", a), ("b", b), ("c", inner)) if value is not MISSING}


EVENTS = [_event(a, b, d) for a in (*TEXTS, MISSING) for b in TEXTS for d in (*TEXTS, MISSING)]
