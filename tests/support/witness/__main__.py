"""Prints the page of differences: ``PYTHONPATH=tests/support python -m witness > docs/reference/debezium-differences.md``."""

import sys

from witness.explained import page

sys.stdout.write(page())
