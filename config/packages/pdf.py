"""Make the help files as PDF: `python -m config.packages.pdf`, from the project's root.

They come to lie in dist/, named like the programs. WeasyPrint sets them; it takes Pango and, for diagrams, a font with
box drawing. Debian: `apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core`.
"""

import subprocess
import sys
from pathlib import Path

from config.packages.workshop import BUILD, DIST, ROOT, tools

STYLE = Path(__file__).with_name("book.css")

BOOKS = {
    "iec104mm2ss": ["windows", "operations", "installation", "protocol"],
    "iec104rs": ["simulator", "conformance", "windows"],
}
"""Documents in docs/ that a program's help file consists of."""


def main() -> int:
    """Make both in dist/."""
    python = tools("pdf", "weasyprint>=66", "markdown-it-py>=3")
    DIST.mkdir(exist_ok=True)
    for program, documents in BOOKS.items():
        page, target = BUILD / f"{program}.html", DIST / f"{program}.pdf"
        paths = [ROOT / "docs" / f"{document}.md" for document in documents]
        subprocess.run([python, "-m", "config.packages.book", page, program, *paths], check=True, cwd=ROOT)
        base = (ROOT / "docs").as_uri() + "/"
        subprocess.run([python, "-m", "weasyprint", "-u", base, "-s", STYLE, page, target], check=True)
        print(target)
    return 0


if __name__ == "__main__":
    sys.exit(main())
