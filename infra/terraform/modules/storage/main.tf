# The five buckets of the lake: encrypted, private, refusing plain HTTP, and with an end for what nobody needs.

locals {
  layers = toset(["bronze", "silver", "gold", "scripts", "athena"])
}

resource "aws_s3_bucket" "layer" {
  for_each      = local.layers
  bucket        = "${var.prefix}-${each.key}-${var.suffix}"
  force_destroy = var.force_destroy
}

resource "aws_s3_bucket_ownership_controls" "layer" {
  for_each = local.layers
  bucket   = aws_s3_bucket.layer[each.key].id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_public_access_block" "layer" {
  for_each                = local.layers
  bucket                  = aws_s3_bucket.layer[each.key].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_server_side_encryption_configuration" "layer" {
  for_each = local.layers
  bucket   = aws_s3_bucket.layer[each.key].id

  rule {
    bucket_key_enabled = var.kms_key_arn != null

    apply_server_side_encryption_by_default {
      sse_algorithm     = var.kms_key_arn == null ? "AES256" : "aws:kms"
      kms_master_key_id = var.kms_key_arn
    }
  }
}

# Bronze is the only copy of what the source said, scripts are what runs: both keep what is overwritten for a while.
resource "aws_s3_bucket_versioning" "kept" {
  for_each = toset(["bronze", "scripts"])
  bucket   = aws_s3_bucket.layer[each.key].id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "layer" {
  for_each   = local.layers
  bucket     = aws_s3_bucket.layer[each.key].id
  depends_on = [aws_s3_bucket_versioning.kept]

  rule {
    id     = "unfinished-uploads"
    status = "Enabled"
    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = 2
    }
  }

  rule {
    id     = "old-versions"
    status = "Enabled"
    filter {}

    noncurrent_version_expiration {
      noncurrent_days = var.noncurrent_days
    }
  }

  dynamic "rule" {
    for_each = each.key == "athena" ? [var.query_result_days] : []

    content {
      id     = "query-results"
      status = "Enabled"
      filter {}

      expiration {
        days = rule.value
      }
    }
  }
}

data "aws_iam_policy_document" "tls_only" {
  for_each = local.layers

  statement {
    sid     = "RefusePlainHttp"
    effect  = "Deny"
    actions = ["s3:*"] # a Deny: whatever it is, not without TLS

    resources = [
      aws_s3_bucket.layer[each.key].arn,
      "${aws_s3_bucket.layer[each.key].arn}/*",
    ]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }

    # A laptop's endpoint is plain HTTP on loopback; no address on the internet is.
    dynamic "condition" {
      for_each = var.allow_loopback ? [1] : []

      content {
        test     = "NotIpAddress"
        variable = "aws:SourceIp"
        values   = ["127.0.0.0/8"]
      }
    }
  }
}

resource "aws_s3_bucket_policy" "tls_only" {
  for_each   = local.layers
  bucket     = aws_s3_bucket.layer[each.key].id
  policy     = data.aws_iam_policy_document.tls_only[each.key].json
  depends_on = [aws_s3_bucket_public_access_block.layer]
}
