"""One process of a guided run, with libFuzzer's options; the target is named by FUZZ_TARGET."""

from __future__ import annotations

import os
import sys

import atheris

with atheris.instrument_imports(include=["iec104mm2ss"]):
    from tests.fuzz.targets import TARGETS

if __name__ == "__main__":
    # libFuzzer puts the first one in front of the commands that it starts.
    atheris.Setup([f"{sys.executable} {sys.argv[0]}", *sys.argv[1:]], TARGETS[os.environ["FUZZ_TARGET"]])
    atheris.Fuzz()
