"""Conformance test of a controlled station: any RTU, or the port that a gateway has for a master."""
