"""Look the packages of this environment up in the public list of known weaknesses, with pip-audit.

Exit status 1 where one is known. A machine that reaches no such list, or has no pip-audit, is told so and passes: what
was installed came from its own mirror.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

PATIENCE = 180.0


def pip(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run pip in this environment."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)


def audited() -> list[dict[str, object]]:
    """Return what pip-audit says of each package. Raises OSError or ValueError where it cannot say anything."""
    installed = pip("freeze", "--exclude-editable").stdout
    if failed := pip("install", "--quiet", "pip-audit").returncode:
        raise OSError(f"pip-audit cannot be installed (pip ends with {failed})")
    with tempfile.TemporaryDirectory() as folder:
        listed = str(Path(folder) / "installed.txt")
        Path(listed).write_text(installed, encoding="utf-8")
        command = [sys.executable, "-m", "pip_audit", "--no-deps", "--disable-pip", "--format", "json", "-r", listed]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
    packages: list[dict[str, object]] = json.loads(done.stdout)["dependencies"]
    return packages


def main() -> int:
    """Print what is known; return the exit status."""
    try:
        packages = audited()
    except (OSError, ValueError, KeyError, subprocess.TimeoutExpired) as error:
        sys.stderr.write(f"No audit of the packages: {error}\n")
        return 0
    known = [package for package in packages if "skip_reason" not in package]
    weak = [package for package in known if package["vulns"]]
    sys.stderr.write(f"{len(known)} of {len(packages)} packages looked up, {len(weak)} with known weaknesses\n")
    for package in weak:
        sys.stderr.write(f"{package['name']} {package['version']}: {package['vulns']}\n")
    return 1 if weak else 0


if __name__ == "__main__":
    sys.exit(main())
