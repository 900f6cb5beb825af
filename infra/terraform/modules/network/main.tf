# A network of the lake's own: private subnets for DMS, S3 without the internet, and nothing that listens.

data "aws_availability_zones" "available" {
  state = "available"
}

locals {
  zones = slice(data.aws_availability_zones.available.names, 0, 2)
}

resource "aws_vpc" "this" {
  cidr_block           = var.vpc_cidr
  enable_dns_support   = true
  enable_dns_hostnames = true

  tags = { Name = "${var.prefix}-vpc" }
}

# Whatever is put into the VPC without a group of its own can talk to nobody.
resource "aws_default_security_group" "closed" {
  vpc_id = aws_vpc.this.id
}

resource "aws_subnet" "capture" {
  count             = length(local.zones)
  vpc_id            = aws_vpc.this.id
  cidr_block        = cidrsubnet(var.vpc_cidr, 8, count.index)
  availability_zone = local.zones[count.index]

  tags = { Name = "${var.prefix}-capture-${count.index}" }
}

resource "aws_route_table" "capture" {
  vpc_id = aws_vpc.this.id

  tags = { Name = "${var.prefix}-capture" }
}

resource "aws_route_table_association" "capture" {
  count          = length(aws_subnet.capture)
  subnet_id      = aws_subnet.capture[count.index].id
  route_table_id = aws_route_table.capture.id
}

# Only for a source beyond the internet (the POC's tunnel): a way out for a DMS instance with a public address.
resource "aws_internet_gateway" "public" {
  count  = var.public_dms ? 1 : 0
  vpc_id = aws_vpc.this.id

  tags = { Name = "${var.prefix}-internet" }
}

resource "aws_route" "internet" {
  count                  = var.public_dms ? 1 : 0
  route_table_id         = aws_route_table.capture.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.public[0].id
}

# Without it DMS cannot reach S3 from a private subnet (the POC's own lesson); a gateway endpoint costs nothing.
resource "aws_vpc_endpoint" "s3" {
  vpc_id            = aws_vpc.this.id
  service_name      = "com.amazonaws.${var.region}.s3"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = [aws_route_table.capture.id]

  tags = { Name = "${var.prefix}-s3" }
}

# A private DMS instance reads its source's password from Secrets Manager, which has no gateway endpoint.
resource "aws_vpc_endpoint" "secrets" {
  count               = var.public_dms ? 0 : 1
  vpc_id              = aws_vpc.this.id
  service_name        = "com.amazonaws.${var.region}.secretsmanager"
  vpc_endpoint_type   = "Interface"
  subnet_ids          = aws_subnet.capture[*].id
  security_group_ids  = [aws_security_group.endpoint[0].id]
  private_dns_enabled = true

  tags = { Name = "${var.prefix}-secrets" }
}

resource "aws_security_group" "dms" {
  name        = "${var.prefix}-dms"
  description = "DMS: out to the source, to S3 and to AWS; nobody comes in"
  vpc_id      = aws_vpc.this.id

  tags = { Name = "${var.prefix}-dms" }
}

resource "aws_vpc_security_group_egress_rule" "source" {
  security_group_id = aws_security_group.dms.id
  description       = "PostgreSQL of the source"
  ip_protocol       = "tcp"
  from_port         = var.source_port
  to_port           = var.source_port
  cidr_ipv4         = var.source_cidr
}

resource "aws_vpc_security_group_egress_rule" "https" {
  security_group_id = aws_security_group.dms.id
  description       = "S3 and AWS's own services, whose addresses change"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = "0.0.0.0/0"
}

resource "aws_security_group" "endpoint" {
  count       = var.public_dms ? 0 : 1
  name        = "${var.prefix}-endpoint"
  description = "Secrets Manager's endpoint: DMS alone comes in"
  vpc_id      = aws_vpc.this.id

  tags = { Name = "${var.prefix}-endpoint" }
}

resource "aws_vpc_security_group_ingress_rule" "endpoint" {
  count                        = var.public_dms ? 0 : 1
  security_group_id            = aws_security_group.endpoint[0].id
  description                  = "From DMS"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
  referenced_security_group_id = aws_security_group.dms.id
}
