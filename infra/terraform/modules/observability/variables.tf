variable "prefix" {
  description = "Project and environment, the first part of every name."
  type        = string
}

variable "alarm_emails" {
  description = "Who is written to."
  type        = list(string)
}

variable "kms_key_arn" {
  description = "A key of your own for the topic; null: none."
  type        = string
}

variable "instance_id" {
  description = "The DMS instance's name."
  type        = string
}

variable "task_id" {
  description = "The DMS task's name."
  type        = string
}

variable "latency_seconds" {
  description = "How far DMS may be behind; the POC's target is five minutes."
  type        = number
}

variable "monthly_budget_usd" {
  description = "What a month may cost before somebody is told; null: no budget."
  type        = number
}

variable "metric_namespace" {
  description = "Where the jobs' metrics are."
  type        = string
}

variable "silver_tables" {
  description = "Silver's tables."
  type        = list(string)
}

variable "silver_seconds" {
  description = "How long a run of one silver table may take."
  type        = number
}

variable "gold_seconds" {
  description = "How long a refresh of gold may take."
  type        = number
}

variable "quarantined_percent" {
  description = "Which part of an hour's rows may go into quarantine."
  type        = number
}

variable "rds_instance_id" {
  description = "The source, if it is an RDS instance; null: it is not."
  type        = string
}

variable "slot_bytes" {
  description = "How much WAL the source's slots may hold back."
  type        = number
}
