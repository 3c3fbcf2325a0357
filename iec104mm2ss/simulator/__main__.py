"""`python -m iec104mm2ss.simulator`."""

import sys

from iec104mm2ss.simulator.cli import main

if __name__ == "__main__":
    sys.exit(main())
