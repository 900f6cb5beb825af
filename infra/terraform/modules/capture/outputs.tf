output "task_arn" {
  description = "The replication task."
  value       = aws_dms_replication_task.this.replication_task_arn
}

output "task_id" {
  description = "The replication task's name."
  value       = aws_dms_replication_task.this.replication_task_id
}

output "instance_id" {
  description = "The replication instance's name."
  value       = aws_dms_replication_instance.this.replication_instance_id
}

output "source_endpoint_arn" {
  description = "The source endpoint, for test-connection."
  value       = aws_dms_endpoint.source.endpoint_arn
}

output "target_endpoint_arn" {
  description = "The target endpoint, for test-connection."
  value       = aws_dms_s3_endpoint.bronze.endpoint_arn
}

output "instance_arn" {
  description = "The replication instance."
  value       = aws_dms_replication_instance.this.replication_instance_arn
}
