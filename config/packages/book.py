"""Make one page of HTML from Markdown documents: a title, a table of contents, and links between them."""

import re
import sys
from collections.abc import Iterator, Sequence
from html import escape
from itertools import pairwise
from pathlib import Path, PurePosixPath

from markdown_it import MarkdownIt
from markdown_it.token import Token

from iec104mm2ss import __version__

ABSOLUTE = re.compile(r"[a-z]+:", re.IGNORECASE)
CONTENTS = {"h1", "h2"}


def main(arguments: Sequence[str]) -> int:
    """Take the page to write, the title, and the documents."""
    page, title, *documents = arguments
    Path(page).write_text(html(title, [Path(document) for document in documents]), encoding="utf-8")
    return 0


def html(title: str, documents: Sequence[Path]) -> str:
    """Return one page of all documents, each with its file name as the prefix of its anchors."""
    reader = MarkdownIt("commonmark", {"typographer": False}).enable("table")
    names = {path.stem for path in documents}
    chapters = [(path.stem, reader.parse(path.read_text(encoding="utf-8"))) for path in documents]
    for name, tokens in chapters:
        anchor_headings(name, tokens)
        aim_links(name, names, tokens)
    body = "".join(f"<section>{reader.renderer.render(tokens, reader.options, {})}</section>" for _, tokens in chapters)
    contents = "".join(entry for _, tokens in chapters for entry in entries(tokens))
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title></head><body>'
        f'<header><p class="title">{escape(title)}</p><p>Version {__version__}</p></header>'
        f"<nav><ul>{contents}</ul></nav>{body}</body></html>"
    )


def anchor_headings(name: str, tokens: Sequence[Token]) -> None:
    """Let every heading be found by the anchor that GitHub gives it; the first by the document's name alone."""
    for heading, text in headings(tokens):
        heading.attrs["id"] = name if heading.tag == "h1" else f"{name}-{slug(text)}"


def aim_links(name: str, names: set[str], tokens: Sequence[Token]) -> None:
    """Turn links to documents of this book into anchors, and take away those to files that a PDF does not have."""
    links = [child for token in tokens if token.children for child in token.children if child.type == "link_open"]
    for link in links:
        path, _, fragment = str(link.attrs["href"]).partition("#")
        document = PurePosixPath(path).stem if path else name
        if ABSOLUTE.match(path):
            continue
        if document in names and path in ("", f"{document}.md"):
            link.attrs["href"] = f"#{document}-{fragment}" if fragment else f"#{document}"
        else:
            del link.attrs["href"]


def entries(tokens: Sequence[Token]) -> Iterator[str]:
    """Return what the table of contents says of a document."""
    for heading, text in headings(tokens):
        if heading.tag in CONTENTS:
            yield f'<li class="{heading.tag}"><a href="#{heading.attrs["id"]}">{escape(text)}</a></li>'


def headings(tokens: Sequence[Token]) -> Iterator[tuple[Token, str]]:
    """Return each heading with its text, without marks for code and emphasis."""
    for token, inline in pairwise(tokens):
        if token.type == "heading_open":
            yield token, "".join(child.content for child in inline.children or ())


def slug(text: str) -> str:
    """Return GitHub's anchor of a heading."""
    return re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
