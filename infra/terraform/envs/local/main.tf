# The lake on this machine: the same modules against the local endpoint, which `lakehouse env` names to the provider
# (AWS_ENDPOINT_URL, credentials, region).

provider "aws" {
  region = "us-west-2"

  # Buckets are paths here: no name server knows bucket.127.0.0.1.
  s3_use_path_style = true

  default_tags {
    tags = { project = "lakehouse-poc", environment = "dev" }
  }
}

variable "source_database" {
  description = "The source's database."
  type        = string
}

variable "source_ca_certificate_file" {
  description = "The certificate (PEM) of the authority that signed the source's."
  type        = string
}

variable "wheel" {
  description = "The wheel's key in the scripts bucket."
  type        = string
}

variable "python_modules" {
  description = "What the wheel needs; nothing here, where this environment's own libraries are on the jobs' path."
  type        = list(string)
  default     = []
}

variable "extensions" {
  description = "Functions (module:function) of your own wheels that add tables, columns, rules and marts."
  type        = list(string)
  default     = []
}

variable "own_tables" {
  description = "Entities that your extensions add to silver: a job each."
  type        = list(string)
  default     = []
}

variable "table_format" {
  description = "The format of silver and gold: hudi or delta."
  type        = string
  default     = "hudi"
}

variable "schedule_enabled" {
  description = "Whether the hourly schedule runs."
  type        = bool
  default     = false
}

variable "buckets_exist" {
  description = "Whether the five buckets are there already, as `lakehouse up` leaves them; false after a destroy."
  type        = bool
  default     = true
}

locals {
  suffix = "ti4jmrk8"
}

# Buckets that exist are taken over, with what is in them; a destroy takes them away like any other.
import {
  for_each = var.buckets_exist ? toset(["bronze", "silver", "gold", "scripts", "athena"]) : toset([])
  to       = module.lakehouse.module.storage.aws_s3_bucket.layer[each.key]
  id       = "lakehouse-poc-dev-${each.key}-${local.suffix}"
}

module "lakehouse" {
  source = "../../modules/lakehouse"

  suffix                     = local.suffix
  source_cidr                = "127.0.0.1/32"
  source_database            = var.source_database
  source_ca_certificate_file = var.source_ca_certificate_file
  wheel                      = var.wheel
  python_modules             = var.python_modules
  extensions                 = var.extensions
  own_tables                 = var.own_tables
  table_format               = var.table_format
  schedule_enabled           = var.schedule_enabled
  batch_seconds              = 1
  destroyable                = true
  allow_loopback             = true
}

output "lakehouse" {
  description = "Names and ARNs."
  value       = module.lakehouse
}
