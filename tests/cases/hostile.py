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
