"""`make page`: pages and widgets in headless Chromium, each at three widths, light and dark, and in print.

`.page` has the pages, their screenshots and what they print. It exits with 1 where a page is not as it must be.
`tests.page.browser` says what that is; it runs in an environment of its own, which has the browser's driver.
"""

from blindspot.terminal import as_a_command

if __name__ == "__main__":
    as_a_command()  # before the imports, which take long enough to be interrupted

import shutil
import subprocess
import sys
from pathlib import Path

from blindspot.report.page import page, page_of_organization, widget
from blindspot.report.reading import view_of
from blindspot.report.view import View
from local import demo
from tests.cases.organizations import shown_organizations
from tests.cases.pages import views

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".page"

THEMES = {"light": "#ffffff", "dark": "#0f1b2a"}
"""The themes of a dashboard, and about their grounds."""

WIDGETS = ("demo", "indeterminate", "large", "hostile-0", "hostile-4", "reviewed", "hostile-review-4")
"""What is shown in a dashboard too."""

HOST = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><link rel="icon" href="data:,"><title>Dashboard</title>
<style>body {{ margin: 0; background: {ground} }}</style></head>
<body><main><h1 style="color: #6b7683">Dashboard</h1>{widget}
<p id="other" class="badge broken NON_COMPLIANT"></p></main></body></html>
"""
"""A page that has a widget, and something else with the same classes."""


def main() -> int:
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    for name, view in {"demo": of_demo(), **views()}.items():
        (FOLDER / f"{name}.html").write_text(page(view), encoding="utf-8")
        if name in WIDGETS:
            write_widgets(name, view)
    for name, organization in shown_organizations().items():
        (FOLDER / f"{name}.html").write_text(page_of_organization(organization), encoding="utf-8")
    shutil.copy(ROOT / "tests/page/faulty.html", FOLDER)
    chromium = Path(shutil.which("chromium") or "chromium")
    axe = ROOT / "tests/page/node_modules/axe-core/axe.min.js"
    command = (ROOT / ".venv/page/bin/python", ROOT / "tests/page/browser.py", FOLDER, chromium, axe)
    return subprocess.run(command, check=False).returncode


def of_demo() -> View:
    shown = demo.run(lambda step: None)
    return view_of(shown.found, shown.planned)


def write_widgets(name: str, view: View) -> None:
    for theme, ground in THEMES.items():
        for width in (360, 768, 1280) if name == "demo" else (360,):
            host = HOST.format(ground=ground, widget=widget(view, theme=theme, width=width))
            (FOLDER / f"{name}.widget-{theme}-{width}.html").write_text(host, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
