"""Many IEC 60870-5-104 masters on one slave (RTU) that accepts only one."""

__version__ = "0.1.0"
