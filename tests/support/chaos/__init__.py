"""Faults on purpose: an application that keeps a ledger, where to kill the capture, and what must hold afterwards."""
