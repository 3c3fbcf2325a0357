"""The units in config/: what they start, that they agree, and how much of the system they leave to the program."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from iec104mm2ss import cli
from iec104mm2ss.program import EXIT_CONFIGURATION, EXIT_OK
from iec104mm2ss.simulator import cli as simulator

CONFIG = Path(__file__).parent.parent / "config"
GATEWAY = "iec104mm2ss.service"
UNITS = [GATEWAY, "iec104mm2ss@.service", "iec104rs.service"]
CLOCK = "iec104mm2ss-clock.conf"
EXPOSURE = 20  # tenths
ANALYZE = shutil.which("systemd-analyze")
FIRST_THAT_JUDGES_FILES = 250


def text(name: str) -> str:
    return (CONFIG / name).read_text(encoding="utf-8")


def assignments(name: str) -> list[tuple[str, str]]:
    """What a unit assigns, in order, without headings and comments."""
    return re.findall(r"^([A-Za-z]+)=(.*)$", text(name), re.MULTILINE)


def assigned(name: str, key: str) -> str:
    return dict(assignments(name))[key]


def command(name: str) -> list[str]:
    """The program and its options as systemd would start them, without the options that a site adds."""
    words = shlex.split(assigned(name, "ExecStart"))
    assert words.pop() == "$OPTIONS"
    return words


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_starts_its_program_with_options_that_it_knows(name: str) -> None:
    program, *options = command(name)
    main = {"/usr/bin/iec104mm2ss": cli.main, "/usr/bin/iec104rs": simulator.main}[program]
    assert main([*options, "--check"]) in {EXIT_OK, EXIT_CONFIGURATION}, "2 would be wrong usage"


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_reads_and_writes_where_it_has_folders(name: str) -> None:
    _, *options = command(name)
    assert options[0] == "--nogui"
    paths = dict(zip(options[1::2], map(Path, options[2::2]), strict=True))
    assert paths["--ini"].parent == Path("/etc", assigned(name, "ConfigurationDirectory"))
    assert paths["--log-dir"] == Path("/var/log", assigned(name, "LogsDirectory"))
    if "--journal-dir" in paths:
        assert paths["--journal-dir"] == Path("/var/lib", assigned(name, "StateDirectory"))


@pytest.mark.parametrize("name", UNITS)
def test_a_file_in_which_nothing_can_run_is_not_tried_again_and_again(name: str) -> None:
    assert str(EXIT_CONFIGURATION) in assigned(name, "RestartPreventExitStatus").split()


def test_an_instance_is_the_service_with_names_of_its_own() -> None:
    of_one = text("iec104mm2ss@.service")
    for instance, single in (("%i.csv", "site.csv"), (" (%i)", ""), ("-%i", ""), ("-NAME", "")):
        of_one = of_one.replace(instance, single)
    assert of_one.splitlines()[2:] == text(GATEWAY).splitlines()[2:]


def test_the_simulator_is_shut_in_like_the_gateway() -> None:
    own = {"Description", "Documentation", "ExecStart", "RuntimeDirectory", "LogsDirectory", "ConfigurationDirectory"}
    own |= {"ReadWritePaths", "StateDirectory", "StateDirectoryMode"}
    shared = [[it for it in assignments(name) if it[0] not in own] for name in (GATEWAY, "iec104rs.service")]
    assert shared[0] == shared[1]


def test_an_instance_does_not_remove_the_folder_of_another_when_it_stops() -> None:
    """Systemd removes a runtime folder with all that is below it."""
    folders = {assigned(name, "RuntimeDirectory") for name in UNITS}
    assert folders == {"iec104mm2ss", "iec104mm2ss-%i", "iec104rs"}


@pytest.fixture
def analyze() -> str:
    if ANALYZE is None:
        pytest.skip("systemd-analyze is not on this machine: it cannot judge the units")
    version = subprocess.run([ANALYZE, "--version"], capture_output=True, text=True, check=True).stdout.split()[1]
    if int(version) < FIRST_THAT_JUDGES_FILES:
        pytest.skip(f"systemd-analyze {version} cannot judge files: {FIRST_THAT_JUDGES_FILES} can")
    return ANALYZE


def judged(analyze: str, unit: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [analyze, "security", "--offline=true", "--no-pager", f"--threshold={EXPOSURE}", str(unit)],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_leaves_little_of_the_system_to_the_program(analyze: str, name: str) -> None:
    done = judged(analyze, CONFIG / name)
    assert done.returncode == 0, done.stdout + done.stderr


def test_setting_the_clock_takes_no_more_than_that(analyze: str, tmp_path: Path) -> None:
    both = tmp_path / GATEWAY
    both.write_text(f"{text(GATEWAY)}\n{text(CLOCK)}", encoding="utf-8")
    done = judged(analyze, both)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_unit_that_leaves_everything_to_the_program_would_be_found(analyze: str, tmp_path: Path) -> None:
    open_to_all = tmp_path / GATEWAY
    open_to_all.write_text("[Service]\nExecStart=/bin/true\n", encoding="utf-8")
    assert judged(analyze, open_to_all).returncode != 0


@pytest.mark.parametrize("name", UNITS)
def test_systemd_understands_every_line(analyze: str, tmp_path: Path, name: str) -> None:
    unit = tmp_path / name
    unit.write_text(text(name).replace(command(name)[0], sys.executable), encoding="utf-8")
    done = subprocess.run([analyze, "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False)
    assert (done.returncode, [line for line in done.stderr.splitlines() if str(unit) in line]) == (0, []), done.stderr
