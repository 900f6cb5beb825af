variable "name" {
  description = "The workgroup's name."
  type        = string
}

variable "databases" {
  description = "Database names by layer."
  type        = map(string)
}

variable "results_bucket" {
  description = "Where results go."
  type        = string
}

variable "bytes_cutoff" {
  description = "How much a query may read before it is ended, in bytes."
  type        = number
}

variable "kms_key_arn" {
  description = "A key of your own for results; null: S3's own."
  type        = string
}

variable "force_destroy" {
  description = "Whether a destroy takes the workgroup's history too."
  type        = bool
}
