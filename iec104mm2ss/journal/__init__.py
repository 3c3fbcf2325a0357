"""What of a group's event buffer outlives the process: its events and its masters' places, on disk."""
