"""The shop: what this project adds to the lakehouse."""
