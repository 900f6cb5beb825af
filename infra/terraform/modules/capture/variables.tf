variable "prefix" {
  description = "Project and environment, the first part of every name."
  type        = string
}

variable "instance_class" {
  description = "DMS instance class; the POC's is dms.t3.medium."
  type        = string
}

variable "allocated_storage" {
  description = "The instance's disk in GB: changes wait there while S3 is slow."
  type        = number
}

variable "public" {
  description = "Whether the instance has a public address."
  type        = bool
}

variable "subnet_ids" {
  description = "Subnets in two zones at least."
  type        = list(string)
}

variable "security_group_id" {
  description = "The instance's security group."
  type        = string
}

variable "database" {
  description = "The source's database."
  type        = string
}

variable "heartbeat_schema" {
  description = "The source's schema in which DMS keeps its heartbeat."
  type        = string
}

variable "ca_certificate" {
  description = "The certificate (PEM) of the authority that signed the source's: public by nature."
  type        = string
}

variable "secret_arn" {
  description = "The secret with the source's host, port, username and password."
  type        = string
}

variable "secret_role_arn" {
  description = "The role that DMS reads the secret with."
  type        = string
}

variable "s3_role_arn" {
  description = "The role that DMS writes bronze with."
  type        = string
}

variable "bucket" {
  description = "The bronze bucket."
  type        = string
}

variable "batch_seconds" {
  description = "How long changes may wait for their file (CdcMaxBatchInterval)."
  type        = number
}

variable "kms_key_arn" {
  description = "A key of your own for disk and objects; null: AWS's."
  type        = string
}
