import json
from pathlib import Path

import pytest

from iec104mm2ss.gui.remembered import Remembered, file_for, recall, remember


def test_a_look_comes_back(tmp_path: Path) -> None:
    look = Remembered(geometry="900x600+10+20", theme="dark", zoom=1.5, columns=["state"], widths={"state": 12.0})
    path = tmp_path / "new" / "window.json"
    assert remember(path, look) == ""
    assert recall(path) == (look, "")


def test_without_a_file_the_look_is_the_usual_one(tmp_path: Path) -> None:
    assert recall(tmp_path / "none.json") == (Remembered(), "")


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        '"x"',
        '{"theme": 7, "zoom": "2", "columns": [1], "widths": {"state": "x"}, "split": 1, "sashes": []}',
        '{"nonsense": true}',
    ],
)
def test_values_of_a_wrong_type_are_forgotten(tmp_path: Path, text: str) -> None:
    path = tmp_path / "window.json"
    path.write_text(text, encoding="utf-8")
    assert recall(path) == (Remembered(), "")


def test_a_file_that_cannot_be_read_is_one_line_of_complaint(tmp_path: Path) -> None:
    path = tmp_path / "window.json"
    path.write_text("{", encoding="utf-8")
    look, complaint = recall(path)
    assert look == Remembered()
    assert complaint.startswith(f"the window's last look cannot be read from {path}: ")
    assert "\n" not in complaint


def test_a_place_that_cannot_be_written_is_one_line_of_complaint(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    complaint = remember(tmp_path / "file" / "window.json", Remembered())
    assert "cannot be written" in complaint
    assert "\n" not in complaint


def test_the_file_is_in_the_users_own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setattr("sys.platform", "linux")
    assert file_for("iec104rs") == tmp_path / "iec104mm2ss" / "iec104rs-window.json"
    monkeypatch.setenv("APPDATA", str(tmp_path / "roaming"))
    monkeypatch.setattr("sys.platform", "win32")
    assert file_for("iec104rs") == tmp_path / "roaming" / "iec104mm2ss" / "iec104rs-window.json"


def test_a_relative_folder_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", "somewhere")
    assert file_for("iec104mm2ss").is_relative_to(Path.home())


def test_a_zoom_may_be_written_as_a_whole_number(tmp_path: Path) -> None:
    path = tmp_path / "window.json"
    path.write_text(json.dumps({"zoom": 2}), encoding="utf-8")
    assert recall(path)[0].zoom == 2
