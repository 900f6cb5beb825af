"""DMS's way with the capture engine: its files, its rules, its losses, its tasks."""
