output "buckets" {
  description = "Bucket names by layer."
  value       = module.storage.buckets
}

output "databases" {
  description = "Catalog databases by layer."
  value       = module.catalog.databases
}

output "replication_task_arn" {
  description = "The DMS task, to start and stop."
  value       = module.capture.task_arn
}

output "replication_instance_arn" {
  description = "The DMS instance, to test connections with."
  value       = module.capture.instance_arn
}

output "source_endpoint_arn" {
  description = "The source endpoint."
  value       = module.capture.source_endpoint_arn
}

output "target_endpoint_arn" {
  description = "The target endpoint."
  value       = module.capture.target_endpoint_arn
}

output "source_secret_arn" {
  description = "The secret to put the source's address and password into."
  value       = aws_secretsmanager_secret.source.arn
}

output "crawlers" {
  description = "Crawlers by layer."
  value       = module.catalog.crawlers
}

output "silver_jobs" {
  description = "Silver's jobs by table."
  value       = module.jobs.silver_jobs
}

output "gold_job" {
  description = "Gold's job."
  value       = module.jobs.gold_job
}

output "workflow" {
  description = "The hour's order."
  value       = module.jobs.workflow
}

output "workgroup" {
  description = "Athena's workgroup."
  value       = module.query.workgroup
}
