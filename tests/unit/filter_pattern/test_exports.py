import ast
from pathlib import Path

import pytest

import filter_pattern

ROOT = Path(__file__).parents[3]
USERS = sorted(
    path
    for folder in ("layers/blindspot/blindspot", "functions", "local")
    for path in (ROOT / folder).rglob("*.py")
    if "filter_pattern" in path.read_text()
)


def test_all_names_what_is_exported_in_order() -> None:
    tree = ast.parse((ROOT / "layers/blindspot/filter_pattern/__init__.py").read_text())
    imported = [name.name for node in tree.body if isinstance(node, ast.ImportFrom) for name in node.names]
    assert sorted(filter_pattern.__all__) == sorted(imported)


@pytest.mark.parametrize("path", USERS, ids=lambda path: str(path.relative_to(ROOT)))
def test_others_import_the_package_and_none_of_its_modules(path: Path) -> None:
    modules = [str(node.module) for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ImportFrom)]
    assert [module for module in modules if module.startswith("filter_pattern.")] == []
