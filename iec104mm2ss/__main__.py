"""`python -m iec104mm2ss`."""

import sys

from iec104mm2ss.cli import main

if __name__ == "__main__":
    sys.exit(main())
