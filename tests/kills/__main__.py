"""`python -m tests.kills`: kill the gateway under load as often as wanted; exit 1 if its journal lost anything."""

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

from tests.kills.trial import trial


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.kills", description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    began = time.monotonic()

    def show(number: int) -> None:
        sys.stdout.write(f"\r{number} of {options.kills} kills, {time.monotonic() - began:.0f} s")
        sys.stdout.flush()

    with tempfile.TemporaryDirectory() as folder:
        verdict = asyncio.run(trial(options.kills, options.seed, Path(folder), on_kill=show))
    sys.stdout.write(f"\n{verdict}\n{'nothing lost' if verdict.is_kept else 'LOST'}\n")
    return 0 if verdict.is_kept else 1


sys.exit(main())
