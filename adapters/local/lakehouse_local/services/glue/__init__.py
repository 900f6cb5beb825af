"""AWS Glue: the Data Catalog, crawlers, jobs, triggers and workflows."""
