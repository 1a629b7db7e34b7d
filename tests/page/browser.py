"""Looks at pages in headless Chromium. Called by `tests.page` as: browser.py FOLDER CHROMIUM AXE.

A page makes no request, writes nothing to the console, runs nothing, is never wider than the window, and gives axe
nothing to find, with all its details open. In print nothing is hidden but the groups' events, a sheet each, and the
first sheet has the answer and the regions. faulty.html has every fault, and each must be noticed. A file
NAME.widget-THEME-WIDTH.html is looked at in that theme and width only.
"""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

WIDTHS = (360, 768, 1280)
THEMES = ("light", "dark")
SHEET = (696, 1024)
"""An A4 sheet without its margins, in CSS pixels."""

IN_FULL = ("demo", "compliant", "indeterminate", "failed", "reviewed")
"""Pages that are looked at in every theme and width; the others in two of them."""

FAULTY = "faulty"
"""The page that has every fault; each must be noticed."""

FAULTS = (
    *("its styles reach", "could run or load something: <script", "could run or load something: <a", "is 1", "axe: "),
    *("ran something", "request: ", "console: ", "hides in print", "prints the regions until", "the Tab key reaches"),
)
"""What is said of the faulty page, in part."""

WHOLE = 4000
"""Pixels: a screenshot is no higher."""

RUNS = """() => [...document.querySelectorAll('*')].filter(element =>
    ['SCRIPT', 'IFRAME', 'OBJECT', 'EMBED', 'FORM', 'IMG', 'BASE', 'CWDB-ACTION'].includes(element.tagName)
    || [...element.attributes].some(({name, value}) => name.startsWith('on') || /^\\s*javascript:/i.test(value))
    || element.tagName === 'A' && !element.href.startsWith('https://')
).map(element => element.outerHTML.slice(0, 200))"""

OPEN = "() => document.querySelectorAll('details').forEach(details => { details.open = true })"

WIDER = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"

HIDDEN = """() => [...document.querySelectorAll('details:not(.groups details) > :not(summary)')].filter(
    // The first asks for the layout, which the second does not do.
    element => !element.getBoundingClientRect().height || !element.checkVisibility({contentVisibilityAuto: true})
).map(element => element.outerHTML.slice(0, 100))"""

END_OF_REGIONS = """() => Math.ceil(Math.max(0, ...[...document.querySelectorAll('header, [aria-label=Regions]')].map(
    element => element.getBoundingClientRect().bottom)))"""

FOCUSABLE = "() => [...document.querySelectorAll('a, summary')].filter(element => element.checkVisibility()).length"

FOCUSED = """() => { const style = getComputedStyle(document.activeElement);
    return [document.activeElement.tagName, style.outlineStyle] }"""

OTHER = """() => { const other = document.getElementById('other'); if (!other) return [];
    const {color, backgroundColor, borderStyle} = getComputedStyle(other);
    return [color, backgroundColor, borderStyle] }"""

UNTOUCHED: tuple[list[str], ...] = ([], ["rgb(0, 0, 0)", "rgba(0, 0, 0, 0)", "none"])


def main(folder: Path, chromium: str, axe: str) -> int:
    bad = []
    with sync_playwright() as driver:
        # Chromium's sandbox does not work for root, as in most containers.
        sandbox = os.geteuid() != 0
        with driver.chromium.launch(executable_path=chromium, chromium_sandbox=sandbox) as browser:
            print(f"Chromium {browser.version}", flush=True)
            for path in sorted(folder.glob("*.html")):
                wrong = [*looked_at(browser, path, Path(axe).read_text())]
                if path.stem == FAULTY:
                    wrong = [
                        f"'{fault}' is not noticed" for fault in FAULTS if not any(fault in each for each in wrong)
                    ]
                print(f"{path.stem}: {'; '.join(wrong) or 'ok'}", flush=True)
                bad += wrong
    print(f"Screenshots and prints: {folder}")
    return bool(bad)


def looked_at(browser: Browser, path: Path, axe: str) -> Iterator[str]:
    """What is wrong with the page."""
    name, _, of_widget = path.stem.partition(".widget-")
    if of_widget:
        own_theme, own_width = of_widget.split("-")
        yield from seen(browser, path, own_theme, int(own_width), axe)
        return
    for theme in THEMES:
        for width in WIDTHS:
            # What axe looks for depends on the theme, and on little else of a page that differs in its layout alone.
            checked = axe if (theme, width) in (("light", 360), ("dark", 1280)) else None
            if checked or name in IN_FULL:
                yield from seen(browser, path, theme, width, checked)
    yield from printed(browser, path)
    if name in ("demo", FAULTY):
        yield from by_keyboard(browser, path)


def seen(browser: Browser, path: Path, theme: str, width: int, axe: str | None) -> Iterator[str]:
    told: list[str] = []
    page = opened(browser, path, told, color_scheme=theme, viewport={"width": width, "height": 800})
    shot = path.with_name(f"{path.stem}-{width}-{theme}.png" if ".widget-" not in path.stem else f"{path.stem}.png")
    height = min(WHOLE, page.evaluate("() => document.documentElement.scrollHeight"))
    page.screenshot(path=shot, full_page=True, clip={"x": 0, "y": 0, "width": width, "height": height})
    at = f" ({width} px, {theme})"
    if page.evaluate(OTHER) not in UNTOUCHED:
        yield f"its styles reach what is not its own{at}"
    for found in page.evaluate(RUNS):
        yield f"could run or load something: {found}{at}"
    page.evaluate(OPEN)
    if (more := page.evaluate(WIDER)) > 0:
        yield f"is {more} px wider than the window{at}"
    if axe is not None:
        page.evaluate(axe)
        for violation in page.evaluate("() => axe.run().then(({violations}) => violations)"):
            yield f"axe: {violation['id']}: {shortened(violation['nodes'])}{at}"
    if page.title() == "run":
        yield f"ran something{at}"
    yield from (f"{line}{at}" for line in told)
    page.context.close()


def printed(browser: Browser, path: Path) -> Iterator[str]:
    told: list[str] = []
    page = opened(browser, path, told, color_scheme="dark", viewport={"width": SHEET[0], "height": SHEET[1]})
    page.emulate_media(media="print")
    if hidden := page.evaluate(HIDDEN):
        yield f"hides in print: {shortened(hidden)}"
    end = page.evaluate(END_OF_REGIONS)
    if end > SHEET[1] and not path.stem.startswith("hostile"):  # a name of 255 letters may take a sheet
        yield f"prints the regions until {end} px, and a sheet ends at {SHEET[1]}"
    page.pdf(path=path.with_suffix(".pdf"), format="A4", prefer_css_page_size=True, tagged=True)
    yield from told
    page.context.close()


def by_keyboard(browser: Browser, path: Path) -> Iterator[str]:
    page = opened(browser, path, [], viewport={"width": 1280, "height": 800})
    reached = 0
    for _ in range(page.evaluate(FOCUSABLE)):
        page.keyboard.press("Tab")
        tag, outline = page.evaluate(FOCUSED)
        reached += tag in ("A", "SUMMARY") and outline == "solid"
    if not reached or reached != page.evaluate(FOCUSABLE):
        yield f"the Tab key reaches {reached} of {page.evaluate(FOCUSABLE)} links and summaries, or does not show it"
    page.context.close()


def opened(browser: Browser, path: Path, told: list[str], **context: Any) -> Page:
    """The page. What it writes to the console and what it requests is added to `told`."""
    page = browser.new_context(**context).new_page()
    page.on("console", lambda message: told.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: told.append(f"error: {error}"))
    page.on("dialog", lambda dialog: told.append(f"dialog: {dialog.message}"))
    page.on("request", lambda request: told.append(f"request: {request.url[:200]}"))
    page.goto(path.as_uri())
    told.remove(f"request: {path.as_uri()}")
    return page


def shortened(found: object) -> str:
    return json.dumps(found, ensure_ascii=False)[:400]


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3]))
