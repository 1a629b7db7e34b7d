"""Patterns within AWS's limits that are made to take long; `python -m tests.worst_patterns` looks for more of them."""

from itertools import islice, product
from string import ascii_letters

_LETTERS = "abcdefghijklmnopqrst"
_FIELDS = ("errorCode", "eventName", "eventSource", "userAgent", "sourceIPAddress", "eventID", "requestID", "x", "y")
_WORDS = ["".join(pair) for pair in product("qzxv" + ascii_letters, ascii_letters)]
_ALTERNATING = 56


def _stars(letters: str, second: int) -> str:
    return f"*{letters}*{chr(97 + second % 26)}*"


HOSTILE = {
    "a hundred alternatives": "{" + "||".join(f"$.a=v{n}" for n in range(100)) + "}",
    "a hundred parentheses": "{" + "(" * 99 + "$.errorCode = x" + ")" * 99 + "}",
    "twenty *x* on one field": "{ " + " || ".join(f'$.errorCode = "*{letter}*"' for letter in _LETTERS) + " }",
    "twenty *x* on twenty fields": "{ " + " && ".join(f'$.{letter} != "*x*"' for letter in _LETTERS) + " }",
    "bounded repeats": "{ $.errorCode = %[a-z]{0,190}x[a-z]{0,190}$% && $.eventName = %a.{1,180}b{1,180}$% }",
    "long wildcards": '{ $.errorCode = "*' + "ab" * 240 + '*" || $.errorCode = "' + "ab" * 230 + '*" }',
    "five *x*y* on each of nine fields, any": "{"
    + "||".join(f"$.{field}={_stars(letter, i)}" for field in _FIELDS for i, letter in enumerate("abcde", 1))
    + "}",
    "eight *x*y* on each of nine fields, all": "{"
    + "&&".join(f"$.{field}={_stars(letter, i)}" for field in "abcdefghj" for i, letter in enumerate("abcdefgh", 1))
    + "}",
    "two hundred words, none": " ".join(f"-{word}" for word in islice(_WORDS, 200)),
    "two hundred words, any": " ".join(f"?{word}" for word in islice(_WORDS, 200)),
    "three hundred words, all": " ".join(islice(_WORDS, 300)),
    "words of all kinds": " ".join(
        "-? "[i % 3].strip() + "Den" * (i % 2) + word for i, word in enumerate(_WORDS[:150])
    ),
    "five hundred stars": '{$.a="' + "*a" * 500 + '"}',
    "stars of two kinds": '{$.errorCode="' + "*a" * 250 + '*"||$.errorCode="' + "*b" * 200 + '*"}',
    "large character sets": "{$.a=%x["
    + "".join(f"\\x{code:02x}" for code in range(0, 220, 2))
    + "]{0,60}y$%&&$.a=%y["
    + "".join(f"\\x{code:02x}" for code in range(1, 200, 2))
    + "]{0,60}x$%}",
    "two long memories": "{$.errorCode=%a.{180}b$%||$.errorCode=%b.{200}a$%}",
    "*x* on two fields, all": "{"
    + "&&".join(f"($.errorCode=*{letter}*||$.eventName=*{letter}*)" for letter in ascii_letters[:23])
    + "}",
    "*x* on two fields, any": "{"
    + "||".join(f"($.errorCode=*{letter}*&&$.eventName=*{letter}*)" for letter in ascii_letters[:23])
    + "}",
    "as deep as can be": "{" + "$.a=b&&($.a=b||(" * _ALTERNATING + "$.a=b" + "))" * _ALTERNATING + "}",
    "five hundred parentheses": "{" + "(" * 500 + "$.errorCode=x" + ")" * 500 + "}",
    "five hundred names": "{$" + ".a" * 500 + "=x}",
    "five hundred names, missing": "{$" + ".a" * 500 + " NOT EXISTS}",
    "three hundred positions": "{$" + "[0]" * 330 + "=x}",
    "a line of expressions": "[a=%a%" + "||a=%.{0,390}Q%" * 50 + "]",
    "an expression that may begin anywhere": "%" + ".*" * 180 + "Q%",
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
