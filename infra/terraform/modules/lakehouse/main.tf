# The whole lake from its parts. Environments call this module and differ in values only.

locals {
  prefix    = "${var.project}-${var.environment}"
  layers    = ["bronze", "silver", "gold"]
  databases = { for layer in local.layers : layer => "${var.project}_${var.environment}_${layer}" }
  workgroup = "${local.prefix}-workgroup"

  metric_namespace = "Lakehouse" # the jobs' own name for it

  # The tables of the contracts and marts; a test compares them with the code.
  standard_tables = ["tenant", "customer", "product", "order", "order_item", "event", "subscription", "invoice"]
  silver_tables   = concat(local.standard_tables, var.own_tables)
  gold_tables = [
    "revenue_daily", "revenue_monthly", "customer_acquisition", "customer_retention", "customer_ltv",
    "product_performance", "subscription_monthly", "funnel_daily", "invoice_aging",
  ]
}

# Its value (host, port, username, password) is put in once by an operator and never passes through Terraform's state.
resource "aws_secretsmanager_secret" "source" {
  name                    = "${local.prefix}/source"
  description             = "Where the source's PostgreSQL is and how DMS logs in: host, port, username, password"
  kms_key_id              = var.kms_key_arn
  recovery_window_in_days = var.destroyable ? 0 : 30
}

module "storage" {
  source            = "../storage"
  prefix            = local.prefix
  suffix            = var.suffix
  kms_key_arn       = var.kms_key_arn
  force_destroy     = var.destroyable
  noncurrent_days   = 30
  query_result_days = 30
  allow_loopback    = var.allow_loopback
}

module "network" {
  source      = "../network"
  prefix      = local.prefix
  region      = var.region
  vpc_cidr    = var.vpc_cidr
  public_dms  = var.public_dms
  source_port = var.source_port
  source_cidr = var.source_cidr
}

module "identity" {
  source                   = "../identity"
  prefix                   = local.prefix
  region                   = var.region
  bucket_arns              = module.storage.arns
  databases                = local.databases
  workgroup                = local.workgroup
  secret_arn               = aws_secretsmanager_secret.source.arn
  kms_key_arn              = var.kms_key_arn
  metric_namespace         = local.metric_namespace
  create_dms_service_roles = var.create_dms_service_roles
}

module "capture" {
  source            = "../capture"
  prefix            = local.prefix
  instance_class    = var.dms_instance_class
  allocated_storage = 50
  public            = var.public_dms
  subnet_ids        = module.network.subnet_ids
  security_group_id = module.network.dms_security_group_id
  database          = var.source_database
  heartbeat_schema  = var.heartbeat_schema
  ca_certificate    = file(var.source_ca_certificate_file)
  secret_arn        = aws_secretsmanager_secret.source.arn
  secret_role_arn   = module.identity.dms_secret_role_arn
  s3_role_arn       = module.identity.dms_s3_role_arn
  bucket            = module.storage.buckets["bronze"]
  batch_seconds     = var.batch_seconds
  kms_key_arn       = var.kms_key_arn

  depends_on = [module.identity, module.network]
}

module "catalog" {
  source        = "../catalog"
  prefix        = local.prefix
  databases     = local.databases
  buckets       = module.storage.buckets
  role_arn      = module.identity.glue_role_arn
  table_format  = var.table_format
  silver_tables = local.silver_tables
  gold_tables   = local.gold_tables
}

module "jobs" {
  source           = "../jobs"
  prefix           = local.prefix
  project          = var.project
  environment      = var.environment
  suffix           = var.suffix
  role_arn         = module.identity.glue_role_arn
  scripts_bucket   = module.storage.buckets["scripts"]
  wheel            = var.wheel
  python_modules   = var.python_modules
  extensions       = var.extensions
  table_format     = var.table_format
  silver_tables    = local.silver_tables
  crawlers         = module.catalog.crawlers
  glue_version     = "5.1"
  worker_type      = var.worker_type
  workers          = var.workers
  timeout_minutes  = 30
  schedule         = "cron(0 * * * ? *)"
  schedule_enabled = var.schedule_enabled
}

module "query" {
  source         = "../query"
  name           = local.workgroup
  databases      = module.catalog.databases
  results_bucket = module.storage.buckets["athena"]
  bytes_cutoff   = var.query_bytes_cutoff
  kms_key_arn    = var.kms_key_arn
  force_destroy  = var.destroyable
}

module "observability" {
  source             = "../observability"
  prefix             = local.prefix
  alarm_emails       = var.alarm_emails
  kms_key_arn        = var.kms_key_arn
  instance_id        = module.capture.instance_id
  task_id            = module.capture.task_id
  latency_seconds    = 300
  monthly_budget_usd = var.monthly_budget_usd

  # The POC's targets: bronze to silver within 15 minutes, silver to gold within 30.
  metric_namespace    = local.metric_namespace
  silver_tables       = local.silver_tables
  silver_seconds      = 900
  gold_seconds        = 1800
  quarantined_percent = var.quarantined_percent
  rds_instance_id     = var.rds_instance_id
  slot_bytes          = 5368709120
}
