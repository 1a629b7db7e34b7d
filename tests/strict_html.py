"""HTML that a browser need not repair, and that has no element or attribute that no page of ours needs."""

import re
from html.parser import HTMLParser

VOID = {"meta", "link"}
INLINE = {"a", "bdi", "code", "span", "strong"}
ALLOWED = {
    *("html", "head", "meta", "link", "title", "style", "body", "main", "header", "section", "article", "figure"),
    *("figcaption", "h1", "h2", "h3", "h4", "h5", "p", "span", "strong", "code", "pre", "bdi", "a", "ul", "ol", "li"),
    *(
        "dl",
        "dt",
        "dd",
        "div",
        "details",
        "summary",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "svg",
        "rect",
        "text",
    ),
}
ATTRIBUTES = {
    *("lang", "dir", "charset", "http-equiv", "content", "name", "rel", "href", "class", "aria-label", "aria-hidden"),
    *("target", "scope", "colspan", "x", "y", "width", "height", "dy", "text-anchor"),
}


class Strict(HTMLParser):
    """Raises for what a browser would have to repair, and for elements and attributes that no page needs."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text: list[str] = []
        self.headings: list[int] = []
        self.links: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ALLOWED
        assert {name for name, _ in attrs} <= ATTRIBUTES
        if re.fullmatch(r"h\d", tag):
            self.headings.append(int(tag[1]))
        self.links += [value or "" for name, value in attrs if name == "href"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        if tag not in INLINE:
            self.text.append(" ")

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    @property
    def words(self) -> str:
        return " ".join("".join(self.text).split())
