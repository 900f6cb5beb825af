"""The lakehouse inside AWS Glue."""
