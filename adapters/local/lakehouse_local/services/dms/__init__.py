"""AWS DMS: instances, endpoints and tasks; what moves rows is in ``lakehouse_local.engines.dms``."""
