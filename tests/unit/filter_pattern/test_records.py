"""What a field can hold, given what is known of it and of those above it."""

import pytest

from filter_pattern import ALWAYS, ANYTHING, ARRAY, BOOLEAN, NULL, NUMBER, OBJECT, STRING, Field, FieldPath, Records

TEXT, HOLDER = frozenset({STRING}), frozenset({OBJECT})
NOWHERE = Field()
RECORDS = Records(
    {
        ("text",): Field(TEXT, always=True, examples=("an example",)),
        ("fixed",): Field(TEXT, always=True, values=("constant",)),
        ("one",): Field(TEXT, values=("sometimes",)),
        ("two",): Field(TEXT, always=True, values=("a", "b")),
        ("yes",): Field(frozenset({BOOLEAN}), always=True, values=(True,)),
        ("no",): Field(frozenset({BOOLEAN}), always=True, values=(False,)),
        ("count",): Field(frozenset({NUMBER}), always=True, values=(7,)),
        ("who",): Field(HOLDER, always=True),
        ("who", "name"): Field(TEXT, always=True, values=("root",), examples=("root",)),
        ("who", "mail"): Field(TEXT),
        ("perhaps",): Field(HOLDER),
        ("perhaps", "name"): Field(TEXT, always=True, values=("hidden",), examples=("shown",)),
        ("nullable",): Field(frozenset({OBJECT, NULL}), always=True),
        ("nullable", "name"): Field(TEXT, always=True),
        ("list",): Field(frozenset({ARRAY}), always=True),
        ("list", 0): Field(TEXT, always=True),
        ("list", 1): Field(HOLDER, always=True),
        ("list", 1, "deep"): Field(TEXT, always=True),
        ("set",): Field(frozenset({OBJECT, STRING}), always=True, values=("x",)),
    }
)


@pytest.mark.parametrize(
    ("path", "field"),
    [
        (("text",), Field(TEXT, always=True, examples=("an example",))),
        (("unknown",), ANYTHING),
        (("unknown", "below"), ANYTHING),
        (("unknown", 3, "below"), ANYTHING),
        (("text", "below"), NOWHERE),
        (("text", 0), NOWHERE),
        (("text", "below", "deeper"), NOWHERE),
        (("who", "name"), Field(TEXT, always=True, values=("root",), examples=("root",))),
        (("who", "mail"), Field(TEXT)),
        (("who", "other"), ANYTHING),
        (("who", 0), NOWHERE),
        (("perhaps", "name"), Field(TEXT, False, ("hidden",), ("shown",))),
        (("nullable", "name"), Field(TEXT)),
        (("list", 0), Field(TEXT, always=True)),
        (("list", "x"), NOWHERE),
        (("list", 1, "deep"), Field(TEXT, always=True)),
        (("set", "x"), NOWHERE),  # it holds one of its values, which are no objects
    ],
)
def test_what_a_field_can_hold(path: FieldPath, field: Field) -> None:
    assert RECORDS.field(path) == field


def test_a_field_that_no_event_has_holds_nothing() -> None:
    assert RECORDS.field(("text", 0)) == (frozenset(), False, (), ())
    assert ANYTHING.kinds == {STRING, BOOLEAN, NUMBER, NULL, OBJECT, ARRAY}
    assert not ANYTHING.always


def test_names_and_constants_of_what_is_always_there_are_always_written() -> None:
    written = RECORDS.always_written().split("\n")
    names = ["text", "fixed", "two", "yes", "no", "count", "who", "name", "nullable", "list", "deep", "set"]
    assert written == [*names, "constant", "root", "x", "true", "false"]


def test_records_of_which_nothing_is_known() -> None:
    assert Records({}).field(("a",)) == ANYTHING
    assert Records({}).always_written() == ""
    assert Records({}).where == ALWAYS
    assert Records({}).spare is None
    assert Records({}).samples == ()


def test_equal_records_are_one_key() -> None:
    one, other = (Records({("a",): Field(TEXT)}, samples=({"a": "x"},), spare="s") for _ in range(2))
    assert {one: 1}[other] == 1
    for different in (
        Records({}),
        Records({("a",): Field(TEXT)}),
        Records({("a",): Field(TEXT)}, samples=({"a": "y"},)),
    ):
        assert different not in {one: 1}
