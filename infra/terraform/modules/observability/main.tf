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
