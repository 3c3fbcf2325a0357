"""What the builders in config/packages/ write, without the compilers and downloads that they start."""

import gzip
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from config.packages import binary, book, deb, launcher
from config.packages.workshop import Project

ROOT = Path(__file__).parent.parent
SHELL = shutil.which("sh")
MADE = Project("iec104mm2ss", "1.2.3", "Shares an RTU", {"iec104mm2ss": "a.b:main", "iec104rs": "a.c:main"})


def written(folder: Path, **documents: str) -> Sequence[Path]:
    paths = [folder / f"{name}.md" for name in documents]
    for path, text in zip(paths, documents.values(), strict=True):
        path.write_text(text, encoding="utf-8")
    return paths


@pytest.mark.parametrize(
    ("called", "program"),
    [
        ("/usr/bin/iec104rs", "iec104rs"),
        (r"C:\tools\IEC104RS.EXE" if sys.platform == "win32" else "IEC104RS.EXE", "iec104rs"),
        ("iec104mm2ss", "iec104mm2ss"),
        ("/srv/gateway-1.0.bin", "iec104mm2ss"),
    ],
)
def test_a_binary_is_the_program_whose_name_it_bears(called: str, program: str) -> None:
    assert launcher.program(called).name == program


def test_the_compiler_is_told_what_it_cannot_find_out() -> None:
    command = binary.compiler("python", MADE, "linux", folder=False)
    assert command[:4] == ["python", "-m", "nuitka", "--mode=onefile"]
    assert {"--enable-plugins=tk-inter", "--include-package=iec104mm2ss"} <= set(command)
    assert not [option for option in command if "version=" in option]
    windows = binary.compiler("python", MADE, "win32", folder=True)
    assert {"--mode=standalone", "--output-filename=iec104mm2ss.exe", "--file-version=1.2.3"} <= set(windows)


def test_a_single_file_lies_there_under_each_program_s_name_also_when_built_again(tmp_path: Path) -> None:
    (tmp_path / "built").mkdir()
    (tmp_path / "built/iec104mm2ss").write_bytes(b"all programs")
    binary.collected(tmp_path / "built", tmp_path / "dist", MADE, "linux", folder=False)
    programs = binary.collected(tmp_path / "built", tmp_path / "dist", MADE, "linux", folder=False)
    assert programs == [tmp_path / "dist/iec104mm2ss", tmp_path / "dist/iec104rs"]
    assert {path.read_bytes() for path in programs} == {b"all programs"}


def test_a_folder_is_there_anew_with_each_program_in_it(tmp_path: Path) -> None:
    built = tmp_path / "built/launcher.dist"
    built.mkdir(parents=True)
    (built / "iec104mm2ss.exe").write_bytes(b"all programs")
    (built / "python.dll").write_bytes(b"library")
    (tmp_path / "dist/iec104mm2ss").mkdir(parents=True)
    (tmp_path / "dist/iec104mm2ss/old.dll").touch()
    binary.collected(tmp_path / "built", tmp_path / "dist", MADE, "win32", folder=True)
    names = {path.name for path in (tmp_path / "dist/iec104mm2ss").iterdir()}
    assert names == {"iec104mm2ss.exe", "iec104rs.exe", "python.dll"}


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Everything of the package but the Python packages in it."""
    monkeypatch.setattr(deb, "TREE", tmp_path)
    deb.install_programs(MADE)
    deb.install_files(MADE)
    deb.install_documentation(MADE)
    deb.set_modes()
    deb.write_control(MADE)
    return tmp_path


def test_the_package_has_a_launcher_for_each_program(tree: Path) -> None:
    launchers = sorted((tree / "usr/bin").iterdir())
    assert [path.name for path in launchers] == ["iec104mm2ss", "iec104rs"]
    text = launchers[0].read_text(encoding="utf-8")
    assert text.startswith("#!/usr/bin/python3 -sP\n")
    assert "from a.b import main\n" in text
    compile(text, "launcher", "exec")


def test_the_package_has_the_units_and_what_they_read(tree: Path) -> None:
    units = {path.name for path in (tree / "usr/lib/systemd/system").iterdir()}
    assert units == {"iec104mm2ss.service", "iec104mm2ss@.service", "iec104rs.service"}
    conffiles = (tree / "DEBIAN/conffiles").read_text(encoding="utf-8").split()
    assert {"/etc/iec104mm2ss/site.csv", "/etc/iec104rs/iec104rs.csv"} <= set(conffiles)
    assert sorted(conffiles) == sorted(f"/{path.relative_to(tree)}" for path in (tree / "etc").rglob("*.csv"))
    assert (tree / "usr/share/doc/iec104mm2ss/examples/iec104mm2ss-clock.conf").is_file()


def test_the_simulator_s_file_names_data_that_the_package_has(tree: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "iec104mm2ss.simulator", "--check", "-i", tree / "etc/iec104rs/iec104rs.csv"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_control_file_names_version_and_needs(tree: Path) -> None:
    fields = (tree / "DEBIAN/control").read_text(encoding="utf-8").splitlines()
    assert {"Package: iec104mm2ss", "Version: 1.2.3", "Depends: python3 (>= 3.11), adduser"} <= set(fields)
    assert gzip.decompress((tree / "usr/share/doc/iec104mm2ss/changelog.gz").read_bytes()).startswith(b"# Changelog")


@pytest.mark.skipif(sys.platform == "win32", reason="file modes are Unix's")
def test_modes_do_not_come_from_the_builder_s_umask(tree: Path) -> None:
    modes = {
        path.relative_to(tree).parts[1]: oct(path.stat().st_mode & 0o777)
        for path in (tree / "usr/bin/iec104rs", tree / "etc/iec104mm2ss", tree / "DEBIAN/postinst")
    }
    assert modes == {"bin": "0o755", "iec104mm2ss": "0o755", "postinst": "0o755"}
    assert (tree / "etc/iec104mm2ss/site.csv").stat().st_mode & 0o777 == 0o644


@pytest.mark.skipif(SHELL is None, reason="no sh on this machine")
@pytest.mark.parametrize("script", ["postinst", "prerm", "postrm"])
def test_the_maintainer_scripts_are_shell(script: str) -> None:
    subprocess.run([str(SHELL), "-n", ROOT / "config/packages/debian" / script], check=True)


def test_a_book_links_its_documents_and_no_other_files(tmp_path: Path) -> None:
    page = book.html(
        "Help",
        written(
            tmp_path,
            operations="# Operate\n\n## Start and stop\n\n"
            "[install](installation.md), [unit](installation.md#the-unit), [here](#start-and-stop),\n"
            "[code](../README.md), [web](https://example.org)\n",
            installation="# Install\n\n## The `unit`\n",
        ),
    )
    assert '<h1 id="operations">' in page
    assert '<h2 id="installation-the-unit">' in page
    links = (
        '<a href="#installation">install</a>, <a href="#installation-the-unit">unit</a>, '
        '<a href="#operations-start-and-stop">here</a>,\n<a>code</a>, <a href="https://example.org">web</a>'
    )
    assert links in page


def test_a_book_begins_with_its_contents(tmp_path: Path) -> None:
    page = book.html("A & B", written(tmp_path, one="# One < two\n\n## Part\n\n### Detail\n"))
    assert page.startswith('<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>A &amp; B</title>')
    contents = (
        '<nav><ul><li class="h1"><a href="#one">One &lt; two</a></li>'
        '<li class="h2"><a href="#one-part">Part</a></li></ul></nav>'
    )
    assert contents in page


def test_a_book_keeps_tables_and_diagrams(tmp_path: Path) -> None:
    page = book.html("Help", written(tmp_path, one="# One\n\n| a | b |\n|---|---|\n| `1` | 2 |\n\n```\nA ──► B\n```\n"))
    assert "<th>a</th>" in page
    assert "<td><code>1</code></td>" in page
    assert "<pre><code>A ──► B\n</code></pre>" in page
