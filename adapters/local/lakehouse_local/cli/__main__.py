"""python -m lakehouse_local.cli: the same as the lakehouse command."""

from lakehouse_local.cli import main

main()
