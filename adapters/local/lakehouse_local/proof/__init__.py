"""Proof that nothing was lost: source, bronze and silver at one point of the log, and every change counted."""
