output "silver_jobs" {
  description = "Silver's jobs by table."
  value       = { for table, job in aws_glue_job.silver : table => job.name }
}

output "gold_job" {
  description = "Gold's job."
  value       = aws_glue_job.gold.name
}

output "workflow" {
  description = "The hour's order."
  value       = aws_glue_workflow.hourly.name
}
