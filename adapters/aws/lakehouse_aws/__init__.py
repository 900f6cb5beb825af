"""The lake inside AWS Glue: the same core, S3 and the Data Catalog by boto3, thin job entry points."""
