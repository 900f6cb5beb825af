"""Athena: workgroups, executions and what is saved beside them; the queries themselves are an engine's work."""
