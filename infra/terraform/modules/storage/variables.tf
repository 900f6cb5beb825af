variable "prefix" {
  description = "Project and environment, the first part of every name."
  type        = string
}

variable "suffix" {
  description = "What makes the buckets' names unique in the world."
  type        = string
}

variable "kms_key_arn" {
  description = "A key of your own for the buckets; null: S3's own AES256."
  type        = string
}

variable "force_destroy" {
  description = "Whether a destroy also deletes objects."
  type        = bool
}

variable "noncurrent_days" {
  description = "How long overwritten and deleted objects of versioned buckets stay."
  type        = number
}

variable "query_result_days" {
  description = "How long Athena's result files stay."
  type        = number
}

variable "allow_loopback" {
  description = "Whether plain HTTP from this machine itself is allowed: for the local endpoint alone."
  type        = bool
}
