"""The windows of both programs: they see what the console shows and ask what the console answers, nothing else."""
