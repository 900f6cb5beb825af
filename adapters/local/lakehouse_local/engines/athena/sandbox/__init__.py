"""Where untrusted SQL runs: single-use processes, forked ahead, that can reach their own folder and nothing else."""
