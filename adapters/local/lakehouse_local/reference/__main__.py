"""Print one page."""

import sys

from lakehouse_local.reference import PAGES

sys.stdout.write(PAGES[sys.argv[1]]())
