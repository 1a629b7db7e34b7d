"""Prints mutants of a module, one JSON object a line: `make.py FILE SEED NUMBER [CHANGED LINES]`; see __main__.

Runs in mutmut's own environment. Of mutmut it takes what to change, and not how the tests are run: its own runner knows
neither samples nor seeds nor equivalent mutants, and needs the code in ./src.
"""

import ast
import json
import sys
from difflib import unified_diff
from pathlib import Path
from random import Random

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation.file_mutation import MutationVisitor
from mutmut.mutation.mutators import mutation_operators
from mutmut.mutation.pragma_handling import IgnoredCode


class Visitor(MutationVisitor):  # type: ignore[misc]  # not there when types are checked
    """mutmut leaves out functions with decorators, as it calls mutants by a decorator of its own. Here each mutant is a
    module of its own, so that they can be mutated like any other."""

    def _skip_node_and_children(self, node: cst.CSTNode) -> bool:
        if isinstance(node, cst.FunctionDef):
            node = node.with_changes(decorators=())
        return bool(super()._skip_node_and_children(node))


def main(path: Path, seed: int, number: int, changed: set[int]) -> None:
    """Prints that many in the seed's order; where lines are changed, only of the functions that they are in."""
    code = path.read_text()
    wrapper = MetadataWrapper(cst.parse_module(code))
    # No comment in the code can shield a line: what is equivalent is listed, with the reason.
    visitor = Visitor(mutation_operators, IgnoredCode(set(), set(), set()))
    module = wrapper.visit(visitor)
    places = wrapper.resolve(PositionProvider)
    lines = code.splitlines(keepends=True)
    classes = {id(each): outer for outer in module.body if isinstance(outer, cst.ClassDef) for each in outer.body.body}

    def written(function: cst.CSTNode, within: cst.ClassDef | None) -> list[str]:
        if within is not None:
            function = within.with_changes(leading_lines=(), body=within.body.with_changes(body=[function]))
        text: str = module.code_for_node(function)
        return text.splitlines(keepends=True)

    Random(seed).shuffle(visitor.mutations)  # noqa: S311 (a sample, not a secret)
    for mutation in visitor.mutations:
        function = mutation.contained_by_top_level_function
        if number == 0 or not isinstance(function, cst.FunctionDef):
            continue
        place = places[function]
        if changed and changed.isdisjoint(range(place.start.line, place.end.line + 1)):
            continue
        within = classes.get(id(function))
        before = written(function, within)
        after = written(function.deep_replace(mutation.original_node, mutation.mutated_node), within)
        if not _differ("".join(before), "".join(after)):
            continue
        last, length = place.end.line, len(written(function, None))
        assert before[-length:] == lines[last - length : last], function.name.value
        diff = list(unified_diff(before, after, n=0))[2:]
        mutant = {
            "function": f"{within.name.value}.{function.name.value}" if within else function.name.value,
            "was": [line[1:].strip() for line in diff if line.startswith("-")],
            "becomes": [line[1:].strip() for line in diff if line.startswith("+")],
            "source": "".join([*lines[: last - length], *after[len(before) - length :], *lines[last:]]),
        }
        print(json.dumps(mutant))
        number -= 1


class _Unasserted(ast.NodeTransformer):
    """Leaves out the `strict` of each zip: it asserts what always holds, so that no test can tell it."""

    def visit_Call(self, node: ast.Call) -> ast.Call:
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id == "zip":
            node.keywords = []
        return node


def _differ(before: str, after: str) -> bool:
    """Whether the mutant is other code, and code at all."""
    try:
        one, other = (ast.dump(_Unasserted().visit(ast.parse(code))) for code in (before, after))
    except SyntaxError:
        return False
    return one != other


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), set(map(int, sys.argv[4:])))
