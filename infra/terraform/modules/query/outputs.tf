output "workgroup" {
  description = "The workgroup."
  value       = aws_athena_workgroup.this.name
}
