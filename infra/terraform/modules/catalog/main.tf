# Three databases, a crawler for each, and how bronze's files are to be read.

resource "aws_glue_catalog_database" "layer" {
  for_each     = var.databases
  name         = each.value
  description  = "${title(each.key)} of ${var.prefix}"
  location_uri = "s3://${var.buckets[each.key]}/"
}

# By AWS's own rule an all-text file has no header and quotes are data: DMS's files need to be described.
resource "aws_glue_classifier" "dms" {
  name = "${var.prefix}-dms-csv"

  csv_classifier {
    delimiter              = ","
    quote_symbol           = "\""
    contains_header        = "ABSENT"
    allow_single_column    = false
    disable_value_trimming = true
    serde                  = "OpenCSVSerDe"
  }
}

resource "aws_glue_crawler" "bronze" {
  name          = "${var.prefix}-bronze-crawler"
  description   = "One table for each folder that DMS wrote"
  database_name = aws_glue_catalog_database.layer["bronze"].name
  role          = var.role_arn
  classifiers   = [aws_glue_classifier.dms.name]

  s3_target {
    path = "s3://${var.buckets["bronze"]}/dms-data/public/"
  }

  schema_change_policy {
    update_behavior = "UPDATE_IN_DATABASE"
    delete_behavior = "DEPRECATE_IN_DATABASE"
  }

  recrawl_policy {
    recrawl_behavior = "CRAWL_EVERYTHING"
  }

  configuration = jsonencode({
    Version = 1
    # bucket / dms-data / public / table: without the level, tables that look alike become one.
    Grouping = { TableLevelConfiguration = 4 }
  })
}

resource "aws_glue_crawler" "lake" {
  for_each      = { silver = var.silver_tables, gold = var.gold_tables }
  name          = "${var.prefix}-${each.key}-crawler"
  description   = "The ${var.table_format} tables of ${each.key}"
  database_name = aws_glue_catalog_database.layer[each.key].name
  role          = var.role_arn

  dynamic "hudi_target" {
    for_each = var.table_format == "hudi" ? [1] : []

    content {
      paths                   = [for table in each.value : "s3://${var.buckets[each.key]}/${table}/"]
      maximum_traversal_depth = 1
    }
  }

  dynamic "delta_target" {
    for_each = var.table_format == "delta" ? [1] : []

    content {
      delta_tables              = [for table in each.value : "s3://${var.buckets[each.key]}/${table}/"]
      write_manifest            = false
      create_native_delta_table = true
    }
  }

  schema_change_policy {
    update_behavior = "UPDATE_IN_DATABASE"
    delete_behavior = "DEPRECATE_IN_DATABASE"
  }

  recrawl_policy {
    recrawl_behavior = "CRAWL_EVERYTHING"
  }
}
