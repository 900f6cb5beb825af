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
