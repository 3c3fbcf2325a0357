"""Time servers: ask them, believe what can be true, set this machine's clock. Needs nothing else of the package."""
