"""What a human may see of a running program and ask of it: snapshots, requests, answers, the control socket."""
