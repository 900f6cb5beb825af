# The lake in an account of yours. Values: terraform.tfvars (see terraform.tfvars.example).

provider "aws" {
  region = var.region

  default_tags {
    tags = { project = var.project, environment = var.environment }
  }
}

module "lakehouse" {
  source = "../../modules/lakehouse"

  project                    = var.project
  environment                = var.environment
  suffix                     = var.suffix
  region                     = var.region
  vpc_cidr                   = var.vpc_cidr
  public_dms                 = var.public_dms
  source_port                = var.source_port
  source_cidr                = var.source_cidr
  source_database            = var.source_database
  source_ca_certificate_file = var.source_ca_certificate_file
  dms_instance_class         = var.dms_instance_class
  create_dms_service_roles   = var.create_dms_service_roles
  wheel                      = var.wheel
  python_modules             = var.python_modules
  extensions                 = var.extensions
  own_tables                 = var.own_tables
  table_format               = var.table_format
  kms_key_arn                = var.kms_key_arn
  alarm_emails               = var.alarm_emails
  monthly_budget_usd         = var.monthly_budget_usd
  rds_instance_id            = var.rds_instance_id
}

# The POC's choice, and nobody else's without seeing this.
check "private_by_default" {
  assert {
    condition     = !var.public_dms
    error_message = "public_dms is on: the DMS instance has a public address, which is for a proof of concept behind a tunnel only."
  }
}

output "lakehouse" {
  description = "Names and ARNs."
  value       = module.lakehouse
}
