variable "project" {
  description = "The project: first part of every name."
  type        = string
  default     = "lakehouse-poc"
}

variable "environment" {
  description = "The environment: second part of every name."
  type        = string
  default     = "dev"
}

variable "suffix" {
  description = "What makes the buckets' names unique in the world."
  type        = string
}

variable "region" {
  description = "The region."
  type        = string
  default     = "us-west-2"
}

variable "vpc_cidr" {
  description = "The VPC's addresses."
  type        = string
  default     = "10.42.0.0/16"
}

variable "public_dms" {
  description = "A public DMS instance (a proof of concept's choice)."
  type        = bool
  default     = false
}

variable "source_port" {
  description = "The port of the source's PostgreSQL."
  type        = number
  default     = 5432
}

variable "source_cidr" {
  description = "Where the source's PostgreSQL may be: as narrow as you know it."
  type        = string
}

variable "source_database" {
  description = "The source's database."
  type        = string
}

variable "source_ca_certificate_file" {
  description = "The certificate (PEM) of the authority that signed the source's."
  type        = string
}

variable "dms_instance_class" {
  description = "The DMS instance's size."
  type        = string
  default     = "dms.t3.medium"
}

variable "create_dms_service_roles" {
  description = "Whether to make dms-vpc-role and dms-cloudwatch-logs-role, which an account has once."
  type        = bool
  default     = true
}

variable "wheel" {
  description = "The wheel's key in the scripts bucket."
  type        = string
}

variable "python_modules" {
  description = "What the wheel needs and Glue does not have, by name and version (requirements/glue-modules.in)."
  type        = list(string)
  default     = ["dnspython==2.9.2", "email-validator==2.4.0", "phonenumbers==9.0.43"]
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

variable "kms_key_arn" {
  description = "A key of your own; null: AWS's own."
  type        = string
  default     = null
}

variable "alarm_emails" {
  description = "Who is written to when something goes wrong."
  type        = list(string)
}

variable "monthly_budget_usd" {
  description = "What a month may cost before somebody is told; null: no budget."
  type        = number
  default     = 150
}

variable "rds_instance_id" {
  description = "The source's name if it is an RDS instance, to watch its slots; null: it is not."
  type        = string
  default     = null
}
