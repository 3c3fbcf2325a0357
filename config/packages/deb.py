"""Build a package for Debian 12 and later: `python -m config.packages.deb`, from the project's root, on Debian.

It brings the Python packages that it needs, because Debian 12's netaddr and rich are too old, in a folder of its own:
they disturb no other program. All are pure Python, so one package does for every architecture and version of Python.
A help PDF that lies in dist/ is put into it. It comes to lie in dist/. DEBFULLNAME and DEBEMAIL say who builds it.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

from config.packages.workshop import BUILD, DIST, ROOT, Project, project, tools

SCRIPTS = Path(__file__).with_name("debian")
TREE = BUILD / "deb"
UNITS = Path("usr/lib/systemd/system")

CONFIGURATION = {
    "etc/iec104mm2ss/site.csv": "iec104mm2ss.csv",
    "etc/iec104rs/iec104rs.csv": "config/iec104rs.csv",
    "etc/iec104rs/data/iodata1.csv": "config/data/iodata1.csv",
    "etc/iec104rs/data/iodata2.csv": "config/data/iodata2.csv",
}
"""Kept at an upgrade where it was edited: place in the system, place in the project."""


def main() -> int:
    """Build into dist/."""
    made = project()
    shutil.rmtree(TREE, ignore_errors=True)
    install_library(made)
    install_programs(made)
    install_files(made)
    install_documentation(made)
    set_modes()
    write_control(made)
    DIST.mkdir(exist_ok=True)
    package = DIST / f"{made.name}_{made.version}_all.deb"
    subprocess.run(["dpkg-deb", "--root-owner-group", "-Zxz", "--build", TREE, package], check=True)
    return 0


def install_library(made: Project) -> None:
    """Put the package and what it needs into a folder that no other program searches."""
    library = TREE / "usr/lib" / made.name
    pip = [tools("deb", "pip"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
    subprocess.run([*pip, "--target", library, str(ROOT)], check=True)
    shutil.rmtree(library / "bin")
    compiled = sorted(str(path.relative_to(library)) for path in library.rglob("*.so"))
    if compiled:
        raise SystemExit(f"not for every architecture: {', '.join(compiled)}")


def install_programs(made: Project) -> None:
    """Write what is started: isolated from whatever the user's environment and home hold for Python."""
    for program, entry in made.programs.items():
        module, _, function = entry.partition(":")
        text = f"""\
            #!/usr/bin/python3 -sP
            import sys

            sys.path.insert(0, "/usr/lib/{made.name}")

            from {module} import {function}

            sys.exit({function}())
            """
        write(f"usr/bin/{program}", dedent(text))


def install_files(made: Project) -> None:
    """Copy configuration, units and examples."""
    examples = Path("usr/share/doc", made.name, "examples")
    for target, source in CONFIGURATION.items():
        copy(ROOT / source, target)
    for unit in sorted((ROOT / "config").glob("*.service")):
        copy(unit, UNITS / unit.name)
    for pattern in ("*.conf", "*.csv", "*.json", "*.yml"):
        for path in sorted((ROOT / "config").glob(pattern)):
            copy(path, examples / path.name)


def install_documentation(made: Project) -> None:
    """Copy the documents; Debian wants the changelog packed and the licence as a reference."""
    folder = Path("usr/share/doc", made.name)
    for path in (*sorted((ROOT / "docs").glob("*.md")), *sorted(DIST.glob("*.pdf"))):
        copy(path, folder / path.name)
    for path in sorted((ROOT / "docs/pictures").glob("*.png")):
        copy(path, folder / "pictures" / path.name)
    write(folder / "changelog.gz", gzip.compress((ROOT / "CHANGELOG.md").read_bytes(), mtime=0))
    write(folder / "copyright", (SCRIPTS / "copyright").read_bytes())


def write_control(made: Project) -> None:
    """Write what dpkg reads: the control file, the maintainer scripts, conffiles and checksums."""
    files = sorted(path for path in TREE.rglob("*") if path.is_file())
    size = sum(path.stat().st_size for path in files) // 1024
    sums = "".join(
        f"{hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()}  {path.relative_to(TREE)}\n"
        for path in files
    )
    control = f"""\
        Package: {made.name}
        Version: {made.version}
        Architecture: all
        Maintainer: {maintainer(made)}
        Installed-Size: {size}
        Depends: python3 (>= 3.11), adduser
        Recommends: systemd
        Suggests: python3-tk
        Section: net
        Priority: optional
        Description: {made.description}
         Ends the link layer on both sides, hands every event of the RTU to every master
         and each answer to the master that asked. With it comes iec104rs, which
         simulates any number of RTUs for tests of SCADA systems.
        """
    write("DEBIAN/control", dedent(control))
    write("DEBIAN/conffiles", "".join(f"/{path}\n" for path in CONFIGURATION))
    write("DEBIAN/md5sums", sums)
    for script in ("postinst", "prerm", "postrm"):
        write(f"DEBIAN/{script}", (SCRIPTS / script).read_bytes()).chmod(0o755)


def maintainer(made: Project) -> str:
    """Return who answers for the package: the builder, as Debian's own tools are told it, or this machine's root."""
    name = os.environ.get("DEBFULLNAME", f"local build of {made.name}")
    return f"{name} <{os.environ.get('DEBEMAIL', f'root@{socket.getfqdn()}')}>"


def set_modes() -> None:
    """Give every file and folder the mode that it has on any system, whatever the builder's umask."""
    for path in TREE.rglob("*"):
        runs = path.is_dir() or path.parent == TREE / "usr/bin"
        path.chmod(0o755 if runs else 0o644)


def copy(source: Path, target: str | Path) -> None:
    """Copy a file of the project to its place in the system."""
    write(target, source.read_bytes())


def write(target: str | Path, content: str | bytes) -> Path:
    """Write a file at its place in the system; return where it lies meanwhile."""
    path = TREE / target
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


if __name__ == "__main__":
    sys.exit(main())
