"""Jobs: a script from S3 in a process of its own, watched from its start to its last child."""
