"""Patterns within AWS's limits that are made to take long."""

_LETTERS = "abcdefghijklmnopqrst"
HOSTILE = {
    "a hundred alternatives": "{" + "||".join(f"$.a=v{n}" for n in range(100)) + "}",
    "a hundred parentheses": "{" + "(" * 99 + "$.errorCode = x" + ")" * 99 + "}",
    "twenty *x* on one field": "{ " + " || ".join(f'$.errorCode = "*{letter}*"' for letter in _LETTERS) + " }",
    "twenty *x* on twenty fields": "{ " + " && ".join(f'$.{letter} != "*x*"' for letter in _LETTERS) + " }",
    "bounded repeats": "{ $.errorCode = %[a-z]{0,190}x[a-z]{0,190}$% && $.eventName = %a.{1,180}b{1,180}$% }",
    "long wildcards": '{ $.errorCode = "*' + "ab" * 240 + '*" || $.errorCode = "' + "ab" * 230 + '*" }',
}

NAMES = {
    "line ends": ("a\nb\r\nc\u2028d\u2029e\x85f", r"a\u000ab\u000d\u000ac\u2028d\u2029e\u0085f"),
    "an escape sequence": ("\x1b[31mred\x1b[0m\x9b2J\x07", r"\u001b[31mred\u001b[0m\u009b2J\u0007"),
    "the other direction": ("\u202egnp.exe\u2066x\u2069\u200f", r"\u202egnp.exe\u2066x\u2069\u200f"),
    "what is not seen": ("a\u200bb\ufeffc\u00a0d\U000e0041", r"a\u200bb\ufeffc\u00a0d\U000e0041"),
    "half a pair": ("a\ud83db\udea8", r"a\ud83db\udea8"),
    "no character": ("a\x00b\x7fc\uffff", r"a\u0000b\u007fc\uffff"),
    "above the first plane": ("🚨" * 40, "🚨" * 40),
    "Rich's markup": ("[/bold red][link=x]", "[/bold red][link=x]"),
}
"""Names that AWS may return, and how they are shown."""
