"""Octets and their meaning: APDU, ASDU header, type ids, causes, information elements, time tags."""
