"""`iec104mm2ssctl` and `iec104rsctl`: look at a running gateway or simulator, change it, and prepare its files."""
