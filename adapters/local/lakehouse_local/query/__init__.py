"""Asking the lake: which files are a table's snapshot, SQL over them, and what each run did."""
