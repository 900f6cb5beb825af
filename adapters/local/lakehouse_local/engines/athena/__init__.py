"""SQL as Athena has it, over objects in S3: parsed, refused or translated, and run by DuckDB in a confined process."""
