variable "prefix" {
  description = "Project and environment, the first part of every name."
  type        = string
}

variable "region" {
  description = "The region, for the names of AWS's endpoints."
  type        = string
}

variable "vpc_cidr" {
  description = "The VPC's addresses; its subnets take /24 of a /16."
  type        = string
}

variable "public_dms" {
  description = "Whether the DMS instance has a way to the internet: a proof of concept's choice."
  type        = bool
}

variable "source_port" {
  description = "The port of the source's PostgreSQL."
  type        = number
}

variable "source_cidr" {
  description = "The addresses that the source's PostgreSQL may have."
  type        = string
}
