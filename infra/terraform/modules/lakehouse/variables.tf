variable "project" {
  description = "The project: first part of every name."
  type        = string
  default     = "lakehouse-poc"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,20}[a-z0-9]$", var.project))
    error_message = "project is 3 to 22 lower-case letters, digits and hyphens, and begins with a letter: it is part of bucket names."
  }
}

variable "environment" {
  description = "The environment: second part of every name."
  type        = string
  default     = "dev"

  validation {
    condition     = can(regex("^[a-z0-9]{2,10}$", var.environment))
    error_message = "environment is 2 to 10 lower-case letters and digits, such as dev or prod."
  }
}

variable "suffix" {
  description = "What makes the buckets' names unique in the world."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9]{4,12}$", var.suffix))
    error_message = "suffix is 4 to 12 lower-case letters and digits, such as ti4jmrk8."
  }
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

  validation {
    condition     = can(cidrsubnet(var.vpc_cidr, 8, 1)) && can(regex("/(8|9|1[0-9]|20)$", var.vpc_cidr))
    error_message = "vpc_cidr is an IPv4 range from /8 to /20, such as 10.42.0.0/16: its subnets are 8 bits smaller."
  }
}

variable "public_dms" {
  description = "A public DMS instance, as the POC had it for a source behind a tunnel. Not for real data: prefer a private way to the source."
  type        = bool
  default     = false
}

variable "source_port" {
  description = "The port of the source's PostgreSQL, for the security group."
  type        = number
  default     = 5432

  validation {
    condition     = var.source_port > 0 && var.source_port < 65536
    error_message = "source_port is a TCP port: 1 to 65535."
  }
}

variable "source_cidr" {
  description = "Where the source's PostgreSQL may be: as narrow as you know it."
  type        = string

  validation {
    condition     = can(cidrnetmask(var.source_cidr))
    error_message = "source_cidr is an IPv4 range, such as 10.0.3.0/24 or 203.0.113.7/32."
  }
}

variable "source_database" {
  description = "The source's database."
  type        = string
}

variable "heartbeat_schema" {
  description = "The source's schema in which DMS may keep its heartbeat table."
  type        = string
  default     = "public"
}

variable "source_ca_certificate_file" {
  description = "The certificate (PEM) of the authority that signed the source's server certificate."
  type        = string

  validation {
    condition     = can(regex("-----BEGIN CERTIFICATE-----", file(var.source_ca_certificate_file)))
    error_message = "source_ca_certificate_file is no PEM certificate: DMS checks the source's certificate (verify-full) against it."
  }
}

variable "dms_instance_class" {
  description = "The DMS instance's size."
  type        = string
  default     = "dms.t3.medium"

  validation {
    condition     = startswith(var.dms_instance_class, "dms.")
    error_message = "dms_instance_class begins with dms., such as dms.t3.medium."
  }
}

variable "create_dms_service_roles" {
  description = "Whether to make dms-vpc-role and dms-cloudwatch-logs-role, which an account has once."
  type        = bool
  default     = true
}

variable "batch_seconds" {
  description = "How long changes may wait for their file."
  type        = number
  default     = 60
}

variable "table_format" {
  description = "The format of silver and gold: hudi or delta."
  type        = string
  default     = "hudi"

  validation {
    condition     = contains(["hudi", "delta"], var.table_format)
    error_message = "table_format is hudi or delta."
  }
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
  description = "Functions (module:function) of your own wheels that add tables, columns, rules and marts."
  type        = list(string)
  default     = []
}

variable "own_tables" {
  description = "Entities that your extensions add to silver: a job each."
  type        = list(string)
  default     = []
}

variable "worker_type" {
  description = "The size of a Glue worker."
  type        = string
  default     = "G.1X"

  validation {
    condition     = contains(["G.1X", "G.2X", "G.4X", "G.8X"], var.worker_type)
    error_message = "worker_type is G.1X, G.2X, G.4X or G.8X."
  }
}

variable "workers" {
  description = "Workers of a Glue job, the driver's included."
  type        = number
  default     = 2

  validation {
    condition     = var.workers >= 2
    error_message = "workers is 2 at least: Glue counts the driver."
  }
}

variable "schedule_enabled" {
  description = "Whether the hourly schedule runs."
  type        = bool
  default     = true
}

variable "query_bytes_cutoff" {
  description = "How much one Athena query may read, in bytes (10 MB at least, as AWS has it)."
  type        = number
  default     = 10737418240

  validation {
    condition     = var.query_bytes_cutoff >= 10000000
    error_message = "query_bytes_cutoff is 10,000,000 at least."
  }
}

variable "kms_key_arn" {
  description = "A key of your own for buckets, disk, secret and topic; null: AWS's own."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:[^:]+:kms:[^:]+:[0-9]{12}:key/.+$", var.kms_key_arn))
    error_message = "kms_key_arn is the ARN of a KMS key, or null; an empty text is neither."
  }
}

variable "destroyable" {
  description = "Whether a destroy also takes data: for throw-away environments."
  type        = bool
  default     = false
}

variable "allow_loopback" {
  description = "Whether plain HTTP from this machine itself is allowed: for the local endpoint alone."
  type        = bool
  default     = false
}

variable "alarm_emails" {
  description = "Who is written to when something goes wrong."
  type        = list(string)
  default     = []
}

variable "monthly_budget_usd" {
  description = "What a month may cost before somebody is told; null: no budget."
  type        = number
  default     = null
}

variable "quarantined_percent" {
  description = "Which part of an hour's rows may go into quarantine before somebody is told."
  type        = number
  default     = 1

  validation {
    condition     = var.quarantined_percent >= 0 && var.quarantined_percent < 100
    error_message = "quarantined_percent is a percentage: 0 to 99."
  }
}

variable "rds_instance_id" {
  description = "The source's name if it is an RDS instance, to watch its slots; null: it is not."
  type        = string
  default     = null
}
