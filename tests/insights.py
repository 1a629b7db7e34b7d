"""The part of CloudWatch Logs Insights' language that docs/document.md uses, strictly: anything else is an error.

Sources: CloudWatch Logs user guide, "CloudWatch Logs Insights language query syntax" (its pages on filter, fields,
parse, unnest, stats, sort, limit, display and functions) and "Supported logs and discovered fields": a field of a list
is named by its number, as in `items.0.id`. A field that no log event has is an error here, where AWS shows nothing.
"""

import json
import re
from collections.abc import Callable, Iterable
from typing import Any

Record = dict[str, Any]
Rows = list[Record]


class QueryError(ValueError):
    """Raised for what this part of the language does not have, and for a field that no record has."""


def run(query: str, log: Iterable[str]) -> Rows:
    """The rows of the query's result, as text or numbers by the names of their columns.

    log: the log events, oldest first. Each is a millisecond younger than the one before, on 2026-11-27.
    """
    rows: Rows = [_discovered(line, number) for number, line in enumerate(log)]
    shown: list[str] = []
    for command in _split(query, "|"):
        name, _, rest = command.partition(" ")
        if name not in _COMMANDS:
            raise QueryError(f"command {name!r}")
        rows, shown = _COMMANDS[name](rest.strip(), rows, shown)
    return [{column: value(row, column) for column in shown} for row in rows]


def value(row: Record, path: str) -> Any:
    """What a path leads to in a record; None where there is nothing."""
    found = _find(row, path)
    return None if found is _NOTHING else found


_NOTHING = object()


def _find(row: Record, path: str) -> Any:
    if path in row:
        return row[path]
    found: Any = row
    for step in path.split("."):
        if isinstance(found, dict):
            found = found.get(step, _NOTHING)
        elif isinstance(found, list) and step.isdecimal() and int(step) < len(found):
            found = found[int(step)]
        else:
            return _NOTHING
    return found


def _discovered(line: str, number: int) -> Record:
    try:
        fields = json.loads(line)
    except ValueError:
        fields = {}
    return {**fields, "@message": line, "@timestamp": f"2026-11-27 12:00:00.{number:03}"}


def _split(text: str, mark: str) -> list[str]:
    """The parts between the marks that are in no quotes, parentheses or regular expression."""
    parts, depth, quote = [""], 0, ""
    for before, letter in zip(" " + text, text, strict=False):
        if quote:
            quote = "" if letter == quote and before != "\\" else quote
        elif letter == '"' or (letter == "/" and before.isspace()):
            quote = letter
        else:
            depth += (letter == "(") - (letter == ")")
            if letter == mark and depth == 0:
                parts.append("")
                continue
        parts[-1] += letter
    if quote or depth:
        raise QueryError(f"not closed: {text}")
    return [part.strip() for part in parts]


def _known(rows: Rows, path: str) -> str:
    if not re.fullmatch(r"@?[A-Za-z_][\w.]*", path):
        raise QueryError(f"field {path!r}")
    if all(_find(row, path) is _NOTHING for row in rows):
        raise QueryError(f"no record has {path}")
    return path


def _fields(rest: str, rows: Rows, shown: list[str]) -> tuple[Rows, list[str]]:
    for each in _split(rest, ","):
        if parsed := re.fullmatch(r"jsonParse\(@message\) as (\w+)", each):
            rows = [{**row, parsed[1]: json.loads(row["@message"])} for row in rows]
            continue
        shown = [*shown, _known(rows, each)]
    return rows, shown


def _display(rest: str, rows: Rows, _: list[str]) -> tuple[Rows, list[str]]:
    return rows, [_known(rows, each) for each in _split(rest, ",")]


def _filter(rest: str, rows: Rows, shown: list[str]) -> tuple[Rows, list[str]]:
    first, conjunction, others = rest.partition(" and ")
    if conjunction:
        return _filter(others, *_filter(first, rows, shown))
    if like := re.fullmatch(r"(\S+) like (?:[\"']([^\"']+)[\"']|/(.+)/)", rest):
        path, expression = _known(rows, like[1]), _regex(like[3]) if like[3] else re.compile(re.escape(like[2]))
        return [row for row in rows if expression.search(str(value(row, path) or ""))], shown
    if compared := re.fullmatch(r"(\S+) > (\d+)", rest):
        path = _known(rows, compared[1])
        return [row for row in rows if (value(row, path) or 0) > int(compared[2])], shown
    if compared := re.fullmatch(r"(\S+) (!?=) \"([^\"]+)\"", rest):
        path, same = _known(rows, compared[1]), compared[2] == "="
        return [row for row in rows if (value(row, path) == compared[3]) is same], shown
    raise QueryError(f"filter {rest}")


def _regex(text: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\(\?<(\w+)>", r"(?P<\1>", text))


def _parse(rest: str, rows: Rows, shown: list[str]) -> tuple[Rows, list[str]]:
    given = re.fullmatch(r"@message /(.+)/", rest)
    if not given:
        raise QueryError(f"parse {rest}")
    expression = _regex(given[1])
    found = [(row, expression.search(row["@message"])) for row in rows]
    return [{**row, **(match.groupdict() if match else {})} for row, match in found], shown


def _unnest(rest: str, rows: Rows, shown: list[str]) -> tuple[Rows, list[str]]:
    given = re.fullmatch(r"(\S+) into (\w+)", rest)
    if not given:
        raise QueryError(f"unnest {rest}")
    path = _known(rows, given[1])
    if not all(isinstance(value(row, path), list) for row in rows):
        raise QueryError(f"{path} is no list")
    return [{**row, given[2]: item} for row in rows for item in value(row, path)], shown


def _stats(rest: str, rows: Rows, shown: list[str]) -> tuple[Rows, list[str]]:
    wanted, _, by = rest.partition(" by ")
    keys, columns = _split(by, ","), _split(wanted, ",")
    grouped: dict[tuple[Any, ...], Rows] = {}
    for row in rows:
        grouped.setdefault(tuple(_key(rows, row, key) for key in keys), []).append(row)
    made: Rows = [
        dict(zip(keys, values, strict=True)) | dict(_aggregate(each, rows, group) for each in columns)
        for values, group in grouped.items()
    ]
    return made, list(made[0]) if made else shown


def _aggregate(text: str, rows: Rows, group: Rows) -> tuple[str, Any]:
    if counted := re.fullmatch(r"count\(\*?\) as (\w+)", text):
        return counted[1], len(group)
    if largest := re.fullmatch(r"max\((\S+)\) as (\w+)", text):
        path = _known(rows, largest[1])
        return largest[2], max(_number(value(row, path)) for row in group)
    if latest := re.fullmatch(r"latest\((\S+)\) as (\w+)", text):
        path = _known(rows, latest[1])
        return latest[2], value(max(group, key=lambda row: str(row["@timestamp"])), path)
    raise QueryError(f"stats {text}")


def _number(found: Any) -> Any:
    """What `parse` finds is text, and counts as a number where it is one."""
    return float(found) if isinstance(found, str) and re.fullmatch(r"\d+(\.\d+)?", found) else found


def _key(rows: Rows, row: Record, key: str) -> Any:
    return value(row, "@timestamp")[:10] if key == "bin(1d)" else value(row, _known(rows, key))


def _sort(rest: str, rows: Rows, shown: list[str]) -> tuple[Rows, list[str]]:
    given = re.fullmatch(r"(\S+) (asc|desc)", rest)
    if not given:
        raise QueryError(f"sort {rest}")
    path = _known(rows, given[1])
    return sorted(rows, key=lambda row: value(row, path), reverse=given[2] == "desc"), shown


def _limit(rest: str, rows: Rows, shown: list[str]) -> tuple[Rows, list[str]]:
    return rows[: int(rest)], shown


_COMMANDS: dict[str, Callable[[str, Rows, list[str]], tuple[Rows, list[str]]]] = {
    "fields": _fields,
    "display": _display,
    "filter": _filter,
    "parse": _parse,
    "unnest": _unnest,
    "stats": _stats,
    "sort": _sort,
    "limit": _limit,
}
