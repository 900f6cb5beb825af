"""Crawlers: look at the objects below a path and say which tables they are."""
