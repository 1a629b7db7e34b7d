"""LocalStack, whose metric filters count every message as it comes, with our own reading of filter patterns put in.

Run by the Python of LocalStack's own environment.
"""

import importlib
from collections.abc import Callable, Mapping
from typing import Any

from filter_pattern import parse

logs: Any = importlib.import_module("localstack.services.logs.provider")


def matcher(pattern: str) -> Callable[[str, Mapping[str, str]], bool]:
    parsed = parse(pattern)
    return lambda _, event: parsed.matches(event["message"])


logs.get_pattern_matcher = matcher
importlib.import_module("localstack.runtime.main").main()
