output "buckets" {
  description = "Bucket names by layer."
  value       = { for layer, bucket in aws_s3_bucket.layer : layer => bucket.bucket }
}

output "arns" {
  description = "Bucket ARNs by layer."
  value       = { for layer, bucket in aws_s3_bucket.layer : layer => bucket.arn }
}
