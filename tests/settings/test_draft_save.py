import errno
import os
import sys
from pathlib import Path

import pytest

from iec104mm2ss.settings.cells import UnusableError
from iec104mm2ss.settings.draft import Draft
from iec104mm2ss.settings.layout import SITE
from iec104mm2ss.settings.saving import NotSavedError
from iec104mm2ss.settings.site import Site

FILE = b"\xef\xbb\xbf# Z\xfcrich\r\n111,RTU,,32,N,h:1\r\n111,OSI-1,2407,32,Y,::1"
EDITED = FILE.replace(b"OSI-1", b"OSI-2")

on_posix = pytest.mark.skipif(sys.platform == "win32", reason="rights and owners of POSIX")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "site.csv"
    path.write_bytes(FILE)
    return path


def edited(path: Path, name: str = "OSI-2") -> Draft[Site]:
    result = Draft.read(path, SITE).edit(3, {"name": name})
    assert result.taken
    return result.draft


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_saved_and_the_one_before_is_kept(path: Path) -> None:
    draft = edited(path)
    assert not draft.changed_on_disk()
    saved = draft.save()
    assert path.read_bytes() == EDITED
    assert (path.parent / "site.csv.bak").read_bytes() == FILE
    assert names(path.parent) == ["site.csv", "site.csv.bak"]
    assert saved.unsaved == 0
    assert saved.diff() == ""
    assert not saved.changed_on_disk()
    assert saved.settings is draft.settings


def test_a_saved_draft_is_edited_and_saved_again(path: Path) -> None:
    draft = edited(path).save().edit(3, {"name": "OSI-3"}).draft
    assert draft.saved_fields(3)["name"] == "OSI-2"
    draft.save()
    assert path.read_bytes() == FILE.replace(b"OSI-1", b"OSI-3")
    assert (path.parent / "site.csv.bak").read_bytes() == EDITED


def test_saving_nothing_leaves_file_and_backup_alone(path: Path) -> None:
    draft = edited(path).save()
    before = path.stat()
    assert draft.save() == draft
    assert path.stat() == before
    assert (path.parent / "site.csv.bak").read_bytes() == FILE


def test_a_file_that_was_changed_meanwhile_is_not_overwritten(path: Path) -> None:
    draft = edited(path)
    path.write_bytes(FILE + b"\r\n# by the spreadsheet")
    assert draft.changed_on_disk()
    with pytest.raises(NotSavedError, match=r"changed on disk .* reload it, or save the edits under another name"):
        draft.save()
    assert path.read_bytes() == FILE + b"\r\n# by the spreadsheet"
    assert names(path.parent) == ["site.csv"]


def test_a_file_that_is_gone_is_written_anew(path: Path) -> None:
    draft = edited(path)
    path.unlink()
    assert draft.changed_on_disk()
    draft.save()
    assert path.read_bytes() == EDITED
    assert names(path.parent) == ["site.csv"]


def test_a_copy_leaves_the_edits_unsaved(path: Path) -> None:
    draft = edited(path)
    copy = path.with_name("copy.csv")
    assert draft.save(copy).unsaved == 1
    assert copy.read_bytes() == EDITED
    assert path.read_bytes() == FILE
    assert names(path.parent) == ["copy.csv", "site.csv"]


def test_a_copy_overwrites_nothing(path: Path) -> None:
    copy = path.with_name("copy.csv")
    copy.write_text("mine")
    with pytest.raises(NotSavedError, match="exists already and is not overwritten: choose another name"):
        edited(path).save(copy)
    assert copy.read_text() == "mine"


def test_the_file_itself_may_be_named(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(path.parent)
    assert edited(path).save(Path("site.csv")).unsaved == 0
    assert path.read_bytes() == EDITED


@on_posix
def test_a_symbolic_link_stays_and_its_target_is_written(path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    target = path.rename(folder / "real.csv")
    path.symlink_to(target)
    edited(path).save()
    assert path.readlink() == target
    assert target.read_bytes() == EDITED
    assert names(folder) == ["real.csv", "real.csv.bak"]


@on_posix
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664])
def test_the_rights_of_a_file_are_kept(path: Path, mode: int) -> None:
    path.chmod(mode)
    draft = edited(path)
    copy = path.with_name("copy.csv")
    draft.save(copy)
    draft.save()
    files = (path, copy, path.with_name("site.csv.bak"))
    assert [file.stat().st_mode & 0o777 for file in files] == [mode] * 3


if sys.platform != "win32":

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
    def test_the_owner_of_a_file_is_kept(path: Path) -> None:
        os.chown(path, 12345, 54321)
        edited(path).save()
        assert (path.stat().st_uid, path.stat().st_gid) == (12345, 54321)


@pytest.mark.parametrize("failing", ["os.fsync", "tempfile.mkstemp"])
def test_a_full_disk_leaves_the_old_file(path: Path, monkeypatch: pytest.MonkeyPatch, failing: str) -> None:
    draft = edited(path)

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(failing, full)
    with pytest.raises(NotSavedError, match="cannot be written: No space left on device; it is as it was"):
        draft.save()
    assert path.read_bytes() == FILE
    assert names(path.parent) == ["site.csv"]


def test_a_file_that_a_spreadsheet_holds_open(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    draft = edited(path)

    def held(*_: object) -> None:
        raise PermissionError(errno.EACCES, "The process cannot access the file because it is being used")

    monkeypatch.setattr(Path, "replace", held)
    with pytest.raises(NotSavedError, match="it is open in another program such as a spreadsheet"):
        draft.save()
    assert path.read_bytes() == FILE
    assert names(path.parent) == ["site.csv"]


@pytest.mark.parametrize("name", ["none/copy.csv", "a\0b", "x" * 300])
def test_a_path_that_cannot_be_written(path: Path, name: str) -> None:
    with pytest.raises(NotSavedError, match="cannot be written: "):
        edited(path).save(path.parent / name)
    assert names(path.parent) == ["site.csv"]


def test_a_file_that_cannot_be_read_has_no_draft(tmp_path: Path) -> None:
    with pytest.raises(UnusableError, match="the file cannot be read: "):
        Draft.read(tmp_path / "none.csv", SITE)
