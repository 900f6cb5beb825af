output "subnet_ids" {
  description = "The subnets for DMS."
  value       = aws_subnet.capture[*].id
}

output "dms_security_group_id" {
  description = "The DMS instance's group."
  value       = aws_security_group.dms.id
}
