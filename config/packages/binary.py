"""Build standalone binaries of all programs by Nuitka: `python -m config.packages.binary`, from the project's root.

They need no Python where they run. Build on the system that they are for: a compiler's result runs on that one and on
newer ones. It takes a C compiler (Nuitka fetches one on Windows), tkinter and, on Linux, patchelf and Python's
headers; Debian: `apt-get install gcc patchelf python3-dev python3-tk python3-venv`.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from config.packages.workshop import BUILD, DIST, ROOT, Project, project, tools

if TYPE_CHECKING:
    from collections.abc import Sequence

LAUNCHER = Path(__file__).with_name("launcher.py")
OUTPUT = BUILD / "binary"


def main(arguments: Sequence[str] | None = None) -> int:
    """Build into dist/."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--folder", action="store_true", help="a folder that starts at once, not files that unpack themselves"
    )
    options = parser.parse_args(arguments)
    # zstandard packs the single file to a third.
    python = tools("binary", "nuitka>=4.3,<5", "zstandard", str(ROOT))
    subprocess.run(compiler(python, project(), sys.platform, folder=options.folder), check=True, cwd=ROOT)
    for path in collected(OUTPUT, DIST, project(), sys.platform, folder=options.folder):
        print(path)
    return 0


def compiler(python: str, made: Project, platform: str, *, folder: bool) -> list[str]:
    """Return the compiler's command line; `platform` is a value of sys.platform."""
    windows = [
        f"--file-description={made.description}",
        f"--product-name={made.name}",
        "--company-name=M.M",
        f"--file-version={made.version}",
        f"--product-version={made.version}",
    ]
    return [
        python,
        "-m",
        "nuitka",
        f"--mode={'standalone' if folder else 'onefile'}",
        "--enable-plugins=tk-inter",
        # rich needs these two for source code and Markdown, which no program here shows; they double the time to build.
        "--nofollow-import-to=pygments,markdown_it",
        f"--include-package={made.name}",  # the launcher imports programs by name, which no compiler can follow
        f"--include-distribution-metadata={made.name}",
        f"--output-dir={OUTPUT}",
        f"--output-filename={file_name(made.name, platform)}",
        "--assume-yes-for-downloads",
        *(windows if platform == "win32" else []),
        str(LAUNCHER),
    ]


def collected(output: Path, target: Path, made: Project, platform: str, *, folder: bool) -> list[Path]:
    """Copy what was built to `target`, as one file under each program's name; return these."""
    built = output / f"{LAUNCHER.stem}.dist" if folder else output
    place = target / made.name if folder else target
    if folder:
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(built, place)
    place.mkdir(parents=True, exist_ok=True)
    source = built / file_name(made.name, platform)
    first, *others = programs = [place / file_name(program, platform) for program in made.programs]
    shutil.copy2(source, first)
    for path in others:
        path.unlink(missing_ok=True)
        path.hardlink_to(first)
    return programs


def file_name(program: str, platform: str) -> str:
    """Return what a program's binary is called."""
    return f"{program}.exe" if platform == "win32" else program


if __name__ == "__main__":
    sys.exit(main())
