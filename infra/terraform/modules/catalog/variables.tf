variable "prefix" {
  description = "Project and environment, the first part of every name."
  type        = string
}

variable "databases" {
  description = "Database names by layer: bronze, silver, gold."
  type        = map(string)
}

variable "buckets" {
  description = "Bucket names by layer."
  type        = map(string)
}

variable "role_arn" {
  description = "What crawlers run as."
  type        = string
}

variable "table_format" {
  description = "The format of silver and gold."
  type        = string
}

variable "silver_tables" {
  description = "Silver's tables, each a folder of its bucket."
  type        = list(string)
}

variable "gold_tables" {
  description = "Gold's tables, each a folder of its bucket."
  type        = list(string)
}
