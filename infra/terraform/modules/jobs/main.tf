# One job for each silver table, one for gold, and the hour's order: bronze is crawled, silver merged, gold refreshed.

locals {
  scripts = "s3://${var.scripts_bucket}"

  common = merge(local.given, length(var.extensions) == 0 ? {} : { "--extensions" = join(" ", var.extensions) })

  given = {
    "--datalake-formats"                 = var.table_format
    "--conf"                             = join(" --conf ", jsondecode(file("${path.module}/spark-conf.json"))[var.table_format])
    "--additional-python-modules"        = join(",", concat(["${local.scripts}/${var.wheel}"], var.python_modules))
    "--TempDir"                          = "${local.scripts}/temp/"
    "--enable-metrics"                   = "true"
    "--enable-continuous-cloudwatch-log" = "true"
    "--job-bookmark-option"              = "job-bookmark-disable" # the lake's own run records say what was taken in
    "--project"                          = var.project
    "--environment"                      = var.environment
    "--suffix"                           = var.suffix
    "--table_format"                     = var.table_format
  }
}

resource "aws_glue_job" "silver" {
  for_each          = toset(var.silver_tables)
  name              = "${var.prefix}-silver-${replace(each.key, "_", "-")}"
  description       = "Take what is new in bronze into silver's ${each.key}"
  role_arn          = var.role_arn
  glue_version      = var.glue_version
  worker_type       = var.worker_type
  number_of_workers = var.workers
  timeout           = var.timeout_minutes
  max_retries       = 1 # a run repeats exactly what a broken one began

  command {
    name            = "glueetl"
    script_location = "${local.scripts}/jobs/silver.py"
    python_version  = "3"
  }

  execution_property {
    max_concurrent_runs = 1
  }

  default_arguments = merge(local.common, { "--entity" = each.key })
}

resource "aws_glue_job" "gold" {
  name              = "${var.prefix}-gold"
  description       = "Refresh gold from silver"
  role_arn          = var.role_arn
  glue_version      = var.glue_version
  worker_type       = var.worker_type
  number_of_workers = var.workers
  timeout           = var.timeout_minutes
  max_retries       = 1

  command {
    name            = "glueetl"
    script_location = "${local.scripts}/jobs/gold.py"
    python_version  = "3"
  }

  execution_property {
    max_concurrent_runs = 1
  }

  default_arguments = local.common
}

resource "aws_glue_workflow" "hourly" {
  name                = "${var.prefix}-hourly"
  description         = "Bronze is crawled, silver merged, gold refreshed, the catalog brought up to date"
  max_concurrent_runs = 1
}

resource "aws_glue_trigger" "hourly" {
  name          = "${var.prefix}-hourly-start"
  type          = "SCHEDULED"
  schedule      = var.schedule
  enabled       = var.schedule_enabled
  workflow_name = aws_glue_workflow.hourly.name

  actions {
    crawler_name = var.crawlers["bronze"]
  }
}

resource "aws_glue_trigger" "silver" {
  name          = "${var.prefix}-after-bronze"
  type          = "CONDITIONAL"
  workflow_name = aws_glue_workflow.hourly.name

  predicate {
    conditions {
      crawler_name = var.crawlers["bronze"]
      crawl_state  = "SUCCEEDED"
    }
  }

  dynamic "actions" {
    for_each = aws_glue_job.silver

    content {
      job_name = actions.value.name
    }
  }
}

resource "aws_glue_trigger" "gold" {
  name          = "${var.prefix}-after-silver"
  type          = "CONDITIONAL"
  workflow_name = aws_glue_workflow.hourly.name

  predicate {
    logical = "AND"

    dynamic "conditions" {
      for_each = aws_glue_job.silver

      content {
        job_name = conditions.value.name
        state    = "SUCCEEDED"
      }
    }
  }

  actions {
    job_name = aws_glue_job.gold.name
  }
}

resource "aws_glue_trigger" "catalog" {
  name          = "${var.prefix}-after-gold"
  type          = "CONDITIONAL"
  workflow_name = aws_glue_workflow.hourly.name

  predicate {
    conditions {
      job_name = aws_glue_job.gold.name
      state    = "SUCCEEDED"
    }
  }

  actions {
    crawler_name = var.crawlers["silver"]
  }

  actions {
    crawler_name = var.crawlers["gold"]
  }
}
