"""Change capture: PostgreSQL's consistent snapshot and its changes, as DMS files with manifests in the bronze bucket."""
