"""Django's own commands: ``SOURCE_APP_DSN=... python -m source_app.manage runserver 127.0.0.1:8000``."""

import os
import sys

from django.core.management import execute_from_command_line


def main() -> None:
    """Run one of Django's commands with this application's settings."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "source_app.settings")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
