# Athena: a workgroup whose settings win, and the questions under version control.

locals {
  bronze_queries = {
    for file in fileset("${path.module}/bronze", "*.sql") :
    trimsuffix(file, ".sql") => templatefile("${path.module}/bronze/${file}", { bronze = var.databases["bronze"] })
  }
  gold_queries = {
    for file in fileset("${path.module}/gold", "*.sql") :
    trimsuffix(file, ".sql") => templatefile("${path.module}/gold/${file}", { gold = var.databases["gold"] })
  }
}

resource "aws_athena_workgroup" "this" {
  name          = var.name
  description   = "Questions to the lake; results are encrypted and a query cannot read without end"
  force_destroy = var.force_destroy

  configuration {
    enforce_workgroup_configuration    = true
    publish_cloudwatch_metrics_enabled = true
    bytes_scanned_cutoff_per_query     = var.bytes_cutoff

    engine_version {
      selected_engine_version = "Athena engine version 3"
    }

    result_configuration {
      output_location = "s3://${var.results_bucket}/"

      encryption_configuration {
        encryption_option = var.kms_key_arn == null ? "SSE_S3" : "SSE_KMS"
        kms_key_arn       = var.kms_key_arn
      }
    }
  }
}

resource "aws_athena_named_query" "bronze" {
  for_each    = local.bronze_queries
  name        = "bronze-types-${replace(each.key, "_", "-")}"
  description = "Rows of ${each.key} as DMS delivered it, and how many cells are not of their type"
  workgroup   = aws_athena_workgroup.this.name
  database    = var.databases["bronze"]
  query       = each.value
}

resource "aws_athena_named_query" "gold" {
  for_each = local.gold_queries
  name     = replace(each.key, "_", "-")
  # The query's first line is its question.
  description = trimprefix(split("\n", each.value)[0], "-- ")
  workgroup   = aws_athena_workgroup.this.name
  database    = var.databases["gold"]
  query       = each.value
}
