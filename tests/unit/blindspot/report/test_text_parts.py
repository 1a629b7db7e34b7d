"""What the texts of all documents are made of."""

from io import StringIO

from rich.console import Console, RenderableType

from blindspot.report.text_parts import LEFT_OUT, about_lines, in_full, left_out, listed, rule


def printed(*parts: RenderableType, width: int = 30) -> str:
    console = Console(file=StringIO(), width=width)
    for part in parts:
        console.print(part)
    return console.file.getvalue()  # type: ignore[attr-defined,no-any-return]


def test_json_is_shown_whole() -> None:
    assert printed(in_full({"a": "b" * 40})) == '{\n  "a": \n"' + "b" * 29 + "\n" + "b" * 11 + '"\n}\n'
    assert printed(in_full([1, None])) == "[\n  1,\n  null\n]\n"


def test_a_list_has_a_title() -> None:
    assert printed(*listed("A [b]title", (line for line in ("a", "[b]")))) == f"A [b]title {'─' * 19}\n- a\n- [b]\n\n"
    assert list(listed("A title", [])) == []


def test_labels_and_values() -> None:
    assert printed(*about_lines((("Account", "1"), ("Run", "[r]")))) == f"About {'─' * 24}\nAccount: 1\nRun: [r]\n\n"
    assert list(about_lines(())) == []


def test_what_was_left_out_is_counted() -> None:
    assert left_out({"gaps": 3, "notes": 1}) == [
        "gaps: 3. The document was too large",
        "notes: 1. The document was too large",
    ]
    assert left_out({}) == []
    assert LEFT_OUT == "Left out of this document"


def test_a_title_is_no_markup() -> None:
    assert printed(rule("[red]x")) == f"[red]x {'─' * 23}\n"
