"""The six months that every seed tells, and the generator's version."""

from datetime import UTC, datetime

START = datetime(2025, 1, 1, tzinfo=UTC)
END = datetime(2025, 7, 1, tzinfo=UTC)
"""The first instant after the history: the business clock stands here when a seed is done."""

VERSION = 1
"""Raise it whenever the same (scale, seed) would give other bytes: caches and seeded databases carry it."""
