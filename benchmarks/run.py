"""The one command: `python benchmarks/run.py` measures and prints the table; `--help` names the parts."""

import importlib
import sys
from pathlib import Path

# Run by path, Python puts this directory first; the modules import each other as `benchmarks.*`.
sys.path[0] = str(Path(__file__).resolve().parent.parent)

if __name__ == "__main__":
    sys.exit(importlib.import_module("benchmarks.suite").main())
