variable "prefix" {
  description = "Project and environment, the first part of every name."
  type        = string
}

variable "region" {
  description = "The region, for ARNs."
  type        = string
}

variable "bucket_arns" {
  description = "Bucket ARNs by layer."
  type        = map(string)
}

variable "databases" {
  description = "Catalog databases by layer."
  type        = map(string)
}

variable "workgroup" {
  description = "Athena's workgroup."
  type        = string
}

variable "secret_arn" {
  description = "The secret with the source's address and password."
  type        = string
}

variable "kms_key_arn" {
  description = "The key that the buckets are encrypted with; null: S3's own."
  type        = string
}

variable "metric_namespace" {
  description = "The namespace of the jobs' own metrics."
  type        = string
}

variable "create_dms_service_roles" {
  description = "Whether to make dms-vpc-role and dms-cloudwatch-logs-role, which an account has once."
  type        = bool
}
