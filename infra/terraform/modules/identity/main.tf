# Who may do what: one role for each service and task, each with the actions and resources that it needs.

data "aws_partition" "this" {}

data "aws_caller_identity" "this" {}

locals {
  dms_regional = "dms.${var.region}.amazonaws.com"
  account_glue = "arn:${data.aws_partition.this.partition}:glue:${var.region}:${data.aws_caller_identity.this.account_id}"
  account_logs = "arn:${data.aws_partition.this.partition}:logs:${var.region}:${data.aws_caller_identity.this.account_id}"
  catalog      = "${local.account_glue}:catalog"
  databases    = [for name in values(var.databases) : "${local.account_glue}:database/${name}"]
  tables       = [for name in values(var.databases) : "${local.account_glue}:table/${name}/*"]
}

data "aws_iam_policy_document" "assume" {
  for_each = {
    dms          = "dms.amazonaws.com"
    dms_regional = local.dms_regional
    glue         = "glue.amazonaws.com"
  }

  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = [each.value]
    }

    # The service acts for this account alone (the "confused deputy").
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.this.account_id]
    }
  }
}

# DMS looks for these two by name, once in an account: where they exist already, say so.
resource "aws_iam_role" "dms_vpc" {
  count              = var.create_dms_service_roles ? 1 : 0
  name               = "dms-vpc-role"
  assume_role_policy = data.aws_iam_policy_document.assume["dms"].json
}

resource "aws_iam_role_policy_attachment" "dms_vpc" {
  count      = var.create_dms_service_roles ? 1 : 0
  role       = aws_iam_role.dms_vpc[0].name
  policy_arn = "arn:${data.aws_partition.this.partition}:iam::aws:policy/service-role/AmazonDMSVPCManagementRole"
}

resource "aws_iam_role" "dms_logs" {
  count              = var.create_dms_service_roles ? 1 : 0
  name               = "dms-cloudwatch-logs-role"
  assume_role_policy = data.aws_iam_policy_document.assume["dms"].json
}

resource "aws_iam_role_policy_attachment" "dms_logs" {
  count      = var.create_dms_service_roles ? 1 : 0
  role       = aws_iam_role.dms_logs[0].name
  policy_arn = "arn:${data.aws_partition.this.partition}:iam::aws:policy/service-role/AmazonDMSCloudWatchLogsRole"
}

# What DMS writes with (the POC gave it the service role here, and nothing was written).
resource "aws_iam_role" "dms_s3" {
  name               = "${var.prefix}-dms-s3-role"
  assume_role_policy = data.aws_iam_policy_document.assume["dms"].json
}

data "aws_iam_policy_document" "dms_s3" {
  statement {
    sid       = "WriteBronze"
    actions   = ["s3:PutObject", "s3:DeleteObject", "s3:PutObjectTagging"]
    resources = ["${var.bucket_arns["bronze"]}/*"]
  }

  statement {
    sid       = "ListBronze"
    actions   = ["s3:ListBucket", "s3:GetBucketLocation"]
    resources = [var.bucket_arns["bronze"]]
  }
}

resource "aws_iam_role_policy" "dms_s3" {
  name   = "bronze"
  role   = aws_iam_role.dms_s3.id
  policy = data.aws_iam_policy_document.dms_s3.json
}

# What DMS reads the source's password with.
resource "aws_iam_role" "dms_secret" {
  name               = "${var.prefix}-dms-secret-role"
  assume_role_policy = data.aws_iam_policy_document.assume["dms_regional"].json
}

data "aws_iam_policy_document" "dms_secret" {
  statement {
    sid       = "ReadTheSourcesSecret"
    actions   = ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"]
    resources = [var.secret_arn]
  }
}

resource "aws_iam_role_policy" "dms_secret" {
  name   = "source-secret"
  role   = aws_iam_role.dms_secret.id
  policy = data.aws_iam_policy_document.dms_secret.json
}

# What crawlers and jobs run as.
resource "aws_iam_role" "glue" {
  name               = "${var.prefix}-glue-role"
  assume_role_policy = data.aws_iam_policy_document.assume["glue"].json
}

data "aws_iam_policy_document" "glue" {
  statement {
    sid     = "ReadBronzeAndScripts"
    actions = ["s3:GetObject"]

    resources = [
      "${var.bucket_arns["bronze"]}/*",
      "${var.bucket_arns["scripts"]}/*",
    ]
  }

  statement {
    sid     = "WriteSilverGoldAndTemporaryFiles"
    actions = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]

    resources = [
      "${var.bucket_arns["silver"]}/*",
      "${var.bucket_arns["gold"]}/*",
      "${var.bucket_arns["scripts"]}/temp/*",
    ]
  }

  statement {
    sid       = "ListTheLake"
    actions   = ["s3:ListBucket", "s3:GetBucketLocation"]
    resources = [for layer in ["bronze", "silver", "gold", "scripts"] : var.bucket_arns[layer]]
  }

  statement {
    sid = "KeepTheCatalog"

    actions = [
      "glue:GetDatabase", "glue:GetDatabases",
      "glue:GetTable", "glue:GetTables", "glue:CreateTable", "glue:UpdateTable", "glue:DeleteTable",
      "glue:GetPartition", "glue:GetPartitions", "glue:BatchGetPartition",
      "glue:BatchCreatePartition", "glue:CreatePartition", "glue:UpdatePartition", "glue:BatchDeletePartition",
    ]

    resources = concat([local.catalog], local.databases, local.tables)
  }

  statement {
    sid       = "KnowWhatRuns"
    actions   = ["glue:GetJob", "glue:GetJobRun", "glue:GetJobRuns", "glue:GetJobBookmark", "glue:ResetJobBookmark"]
    resources = ["${local.account_glue}:job/${var.prefix}-*"]
  }

  statement {
    sid       = "WriteLogs"
    actions   = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${local.account_logs}:log-group:/aws-glue/*"]
  }

  statement {
    sid       = "WriteMetrics"
    actions   = ["cloudwatch:PutMetricData"]
    resources = ["*"] # CloudWatch knows no resource here; the condition below is what AWS offers instead

    condition {
      test     = "StringEquals"
      variable = "cloudwatch:namespace"
      values   = ["Glue", var.metric_namespace]
    }
  }

  dynamic "statement" {
    for_each = var.kms_key_arn == null ? [] : [var.kms_key_arn]

    content {
      sid       = "UseTheKey"
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      resources = [statement.value]
    }
  }
}

resource "aws_iam_role_policy" "glue" {
  name   = "lake"
  role   = aws_iam_role.glue.id
  policy = data.aws_iam_policy_document.glue.json
}

# What an analyst's role or user is given: to ask, and to read what was asked for.
data "aws_iam_policy_document" "analyst" {
  statement {
    sid = "Ask"

    actions = [
      "athena:StartQueryExecution", "athena:StopQueryExecution",
      "athena:GetQueryExecution", "athena:GetQueryResults", "athena:BatchGetQueryExecution",
      "athena:ListQueryExecutions", "athena:GetWorkGroup",
      "athena:GetNamedQuery", "athena:ListNamedQueries", "athena:BatchGetNamedQuery",
      "athena:GetPreparedStatement", "athena:ListPreparedStatements",
    ]

    resources = [
      "arn:${data.aws_partition.this.partition}:athena:${var.region}:${data.aws_caller_identity.this.account_id}:workgroup/${var.workgroup}",
    ]
  }

  statement {
    sid       = "ReadTheCatalog"
    actions   = ["glue:GetDatabase", "glue:GetDatabases", "glue:GetTable", "glue:GetTables", "glue:GetPartition", "glue:GetPartitions", "glue:BatchGetPartition"]
    resources = concat([local.catalog], local.databases, local.tables)
  }

  statement {
    sid       = "ReadTheLake"
    actions   = ["s3:GetObject"]
    resources = [for layer in ["bronze", "silver", "gold"] : "${var.bucket_arns[layer]}/*"]
  }

  statement {
    sid       = "WriteResults"
    actions   = ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]
    resources = ["${var.bucket_arns["athena"]}/*"]
  }

  statement {
    sid       = "ListTheLake"
    actions   = ["s3:ListBucket", "s3:GetBucketLocation"]
    resources = [for layer in ["bronze", "silver", "gold", "athena"] : var.bucket_arns[layer]]
  }
}

resource "aws_iam_policy" "analyst" {
  name        = "${var.prefix}-athena-analyst"
  description = "Ask Athena in the lake's workgroup"
  policy      = data.aws_iam_policy_document.analyst.json
}

data "aws_iam_policy_document" "assume_athena" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "AWS"
      identifiers = ["arn:${data.aws_partition.this.partition}:iam::${data.aws_caller_identity.this.account_id}:root"]
    }
  }
}

resource "aws_iam_role" "athena" {
  name               = "${var.prefix}-athena-role"
  assume_role_policy = data.aws_iam_policy_document.assume_athena.json
}

resource "aws_iam_role_policy_attachment" "athena" {
  role       = aws_iam_role.athena.name
  policy_arn = aws_iam_policy.analyst.arn
}
