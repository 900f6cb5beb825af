# DMS: from the source's PostgreSQL to bronze. The password is in Secrets Manager and nowhere else.

resource "aws_dms_replication_subnet_group" "this" {
  replication_subnet_group_id          = "${var.prefix}-subnets"
  replication_subnet_group_description = "Where ${var.prefix}'s DMS instance is"
  subnet_ids                           = var.subnet_ids

  # DMS looks into the VPC with a role of its own, which must be there first.
  lifecycle {
    precondition {
      condition     = length(var.subnet_ids) >= 2
      error_message = "DMS wants subnets in two zones at least."
    }
  }
}

resource "aws_dms_replication_instance" "this" {
  replication_instance_id     = "${var.prefix}-replication"
  replication_instance_class  = var.instance_class
  allocated_storage           = var.allocated_storage
  publicly_accessible         = var.public
  multi_az                    = false
  auto_minor_version_upgrade  = true
  apply_immediately           = true
  kms_key_arn                 = var.kms_key_arn
  replication_subnet_group_id = aws_dms_replication_subnet_group.this.id
  vpc_security_group_ids      = [var.security_group_id]
}

resource "aws_dms_certificate" "source" {
  certificate_id  = "${var.prefix}-source-ca"
  certificate_pem = var.ca_certificate
}

resource "aws_dms_endpoint" "source" {
  endpoint_id                     = "${var.prefix}-source"
  endpoint_type                   = "source"
  engine_name                     = "postgres"
  database_name                   = var.database
  ssl_mode                        = "verify-full"
  certificate_arn                 = aws_dms_certificate.source.certificate_arn
  secrets_manager_arn             = var.secret_arn
  secrets_manager_access_role_arn = var.secret_role_arn

  postgres_settings {
    # An idle source keeps its slot where it is, and WAL with it; a heartbeat moves it.
    heartbeat_enable    = true
    heartbeat_schema    = var.heartbeat_schema
    heartbeat_frequency = 5
    plugin_name         = "no-preference" # pglogical where the source has it, else test_decoding
    capture_ddls        = false
    execute_timeout     = 60 # DMS's own; left out, the provider sends 0
  }
}

resource "aws_dms_s3_endpoint" "bronze" {
  endpoint_id             = "${var.prefix}-bronze"
  endpoint_type           = "target"
  bucket_name             = var.bucket
  bucket_folder           = "dms-data"
  service_access_role_arn = var.s3_role_arn

  data_format                                 = "csv"
  compression_type                            = "GZIP"
  include_op_for_full_load                    = true
  timestamp_column_name                       = "dms_timestamp"
  use_task_start_time_for_full_load_timestamp = true
  rfc_4180                                    = true
  csv_null_value                              = "\\N"
  use_csv_no_sup_value                        = true
  csv_no_sup_value                            = "\\U"
  cdc_path                                    = "cdc"
  preserve_transactions                       = true
  cdc_max_batch_interval                      = var.batch_seconds
  cdc_min_file_size                           = 32000
  max_file_size                               = 12288

  encryption_mode                   = var.kms_key_arn == null ? "SSE_S3" : "SSE_KMS"
  server_side_encryption_kms_key_id = var.kms_key_arn
}

resource "aws_dms_replication_task" "this" {
  replication_task_id      = "${var.prefix}-task"
  migration_type           = "full-load-and-cdc"
  replication_instance_arn = aws_dms_replication_instance.this.replication_instance_arn
  source_endpoint_arn      = aws_dms_endpoint.source.endpoint_arn
  target_endpoint_arn      = aws_dms_s3_endpoint.bronze.endpoint_arn
  table_mappings           = file("${path.module}/table-mappings.json")

  replication_task_settings = jsonencode({
    Logging          = { EnableLogging = true }
    FullLoadSettings = { TargetTablePrepMode = "DO_NOTHING", MaxFullLoadSubTasks = 8, CommitRate = 10000 }
    # A column larger than this is cut, and the task's log says so.
    TargetMetadata = { SupportLobs = true, LimitedSizeLobMode = true, LobMaxSize = 1024, BatchApplyEnabled = false }
    ErrorBehavior  = { FailOnNoTablesCaptured = true }
  })

  # Whether it runs is an operator's business (DMS is billed while it does not, too: the instance is what costs).
  start_replication_task = false

  lifecycle {
    # DMS adds its defaults to what it was given.
    ignore_changes = [replication_task_settings]
  }
}
