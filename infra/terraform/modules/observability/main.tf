# Who is told when something goes wrong: one topic, fed by DMS, Glue, CloudWatch and the budget.

resource "aws_sns_topic" "alarms" {
  name              = "${var.prefix}-alarms"
  kms_master_key_id = var.kms_key_arn
}

resource "aws_sns_topic_subscription" "email" {
  for_each  = toset(var.alarm_emails)
  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = each.value
}

data "aws_iam_policy_document" "publish" {
  statement {
    sid       = "ServicesOfThisAccount"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.alarms.arn]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com", "cloudwatch.amazonaws.com", "dms.amazonaws.com", "budgets.amazonaws.com"]
    }
  }
}

resource "aws_sns_topic_policy" "alarms" {
  arn    = aws_sns_topic.alarms.arn
  policy = data.aws_iam_policy_document.publish.json
}

resource "aws_dms_event_subscription" "task" {
  name             = "${var.prefix}-task-events"
  sns_topic_arn    = aws_sns_topic.alarms.arn
  source_type      = "replication-task"
  source_ids       = [var.task_id]
  event_categories = ["failure", "state change"]
  enabled          = true
}

# Seconds between a commit in the source and its capture, and between capture and S3.
resource "aws_cloudwatch_metric_alarm" "latency" {
  for_each            = toset(["CDCLatencySource", "CDCLatencyTarget"])
  alarm_name          = "${var.prefix}-${lower(each.key)}"
  alarm_description   = "DMS is more than ${var.latency_seconds} seconds behind"
  namespace           = "AWS/DMS"
  metric_name         = each.key
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 5
  threshold           = var.latency_seconds
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]

  dimensions = {
    ReplicationInstanceIdentifier = var.instance_id
    ReplicationTaskIdentifier     = var.task_id
  }
}

# The POC's targets: a run of silver within 15 minutes, one of gold within 30. Metrics come from the jobs' own logs.
resource "aws_cloudwatch_metric_alarm" "silver_slow" {
  for_each            = toset(var.silver_tables)
  alarm_name          = "${var.prefix}-silver-${replace(each.key, "_", "-")}-slow"
  alarm_description   = "A run of silver's ${each.key} took more than ${var.silver_seconds} seconds"
  namespace           = var.metric_namespace
  metric_name         = "RunSeconds"
  statistic           = "Maximum"
  period              = 3600
  evaluation_periods  = 1
  threshold           = var.silver_seconds
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching" # nothing new, no run, no metric
  alarm_actions       = [aws_sns_topic.alarms.arn]

  dimensions = {
    Deployment = var.prefix
    Table      = each.key
  }
}

resource "aws_cloudwatch_metric_alarm" "gold_slow" {
  alarm_name          = "${var.prefix}-gold-slow"
  alarm_description   = "A refresh of gold took more than ${var.gold_seconds} seconds"
  namespace           = var.metric_namespace
  metric_name         = "RunSeconds"
  statistic           = "Maximum"
  period              = 3600
  evaluation_periods  = 1
  threshold           = var.gold_seconds
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]

  dimensions = {
    Deployment = var.prefix
    Layer      = "gold"
  }
}

# The part of an hour's rows that could not be taken in as they came.
resource "aws_cloudwatch_metric_alarm" "quality" {
  for_each            = toset(var.silver_tables)
  alarm_name          = "${var.prefix}-silver-${replace(each.key, "_", "-")}-quality"
  alarm_description   = "More than ${var.quarantined_percent} % of the rows of ${each.key} went into quarantine"
  evaluation_periods  = 1
  threshold           = var.quarantined_percent
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]

  metric_query {
    id          = "share"
    expression  = "100 * quarantined / read"
    label       = "% quarantined"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = { quarantined = "Quarantined", read = "RowsIn" }

    content {
      id = metric_query.key

      metric {
        namespace   = var.metric_namespace
        metric_name = metric_query.value
        stat        = "Sum"
        period      = 3600

        dimensions = {
          Deployment = var.prefix
          Table      = each.key
        }
      }
    }
  }
}

# WAL that the slot holds back fills the source's disk. RDS tells; any other PostgreSQL has to be asked (runbook "slot").
resource "aws_cloudwatch_metric_alarm" "slot" {
  count               = var.rds_instance_id == null ? 0 : 1
  alarm_name          = "${var.prefix}-slot-lag"
  alarm_description   = "Replication slots hold back more than ${var.slot_bytes} bytes of WAL in the source"
  namespace           = "AWS/RDS"
  metric_name         = "OldestReplicationSlotLag"
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 3
  threshold           = var.slot_bytes
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "missing"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]

  dimensions = {
    DBInstanceIdentifier = var.rds_instance_id
  }
}

resource "aws_cloudwatch_event_rule" "jobs" {
  name        = "${var.prefix}-job-failures"
  description = "A Glue job of the lake did not succeed"

  event_pattern = jsonencode({
    source      = ["aws.glue"]
    detail-type = ["Glue Job State Change"]
    detail      = { jobName = [{ prefix = "${var.prefix}-" }], state = ["FAILED", "TIMEOUT", "STOPPED"] }
  })
}

resource "aws_cloudwatch_event_target" "jobs" {
  rule = aws_cloudwatch_event_rule.jobs.name
  arn  = aws_sns_topic.alarms.arn
}

resource "aws_budgets_budget" "monthly" {
  count        = var.monthly_budget_usd == null ? 0 : 1
  name         = "${var.prefix}-monthly"
  budget_type  = "COST"
  limit_amount = tostring(var.monthly_budget_usd)
  limit_unit   = "USD"
  time_unit    = "MONTHLY"

  notification {
    comparison_operator       = "GREATER_THAN"
    threshold                 = 80
    threshold_type            = "PERCENTAGE"
    notification_type         = "FORECASTED"
    subscriber_sns_topic_arns = [aws_sns_topic.alarms.arn]
  }
}
