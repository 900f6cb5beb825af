variable "prefix" {
  description = "Project and environment, the first part of every name."
  type        = string
}

variable "project" {
  description = "The project, for the jobs' own names of buckets and databases."
  type        = string
}

variable "environment" {
  description = "The environment, likewise."
  type        = string
}

variable "suffix" {
  description = "The buckets' suffix, likewise."
  type        = string
}

variable "role_arn" {
  description = "What jobs run as."
  type        = string
}

variable "scripts_bucket" {
  description = "Where scripts and the wheel are."
  type        = string
}

variable "wheel" {
  description = "The wheel's key in the scripts bucket."
  type        = string
}

variable "python_modules" {
  description = "What the wheel needs and Glue does not have, by name and version."
  type        = list(string)
}

variable "extensions" {
  description = "Functions (module:function) that add tables, columns, rules and marts."
  type        = list(string)
}

variable "table_format" {
  description = "The format of silver and gold."
  type        = string
}

variable "silver_tables" {
  description = "Silver's tables: a job each."
  type        = list(string)
}

variable "crawlers" {
  description = "Crawler names by layer."
  type        = map(string)
}

variable "glue_version" {
  description = "AWS Glue's version."
  type        = string
}

variable "worker_type" {
  description = "The size of a worker."
  type        = string
}

variable "workers" {
  description = "Workers of a job, the driver's included."
  type        = number
}

variable "timeout_minutes" {
  description = "When a run is ended."
  type        = number
}

variable "schedule" {
  description = "When the hour's work begins (EventBridge cron, UTC)."
  type        = string
}

variable "schedule_enabled" {
  description = "Whether the schedule runs."
  type        = bool
}
