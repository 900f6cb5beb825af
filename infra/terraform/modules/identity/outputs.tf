output "dms_s3_role_arn" {
  description = "What DMS writes bronze with."
  value       = aws_iam_role.dms_s3.arn

  # A role without its policy is of no use to whoever asks for it.
  depends_on = [aws_iam_role_policy.dms_s3]
}

output "dms_secret_role_arn" {
  description = "What DMS reads the source's password with."
  value       = aws_iam_role.dms_secret.arn
  depends_on  = [aws_iam_role_policy.dms_secret]
}

output "dms_service_roles" {
  description = "DMS's own roles, for whoever must wait until they are there."
  value       = concat(aws_iam_role_policy_attachment.dms_vpc[*].id, aws_iam_role_policy_attachment.dms_logs[*].id)
}

output "glue_role_arn" {
  description = "What crawlers and jobs run as."
  value       = aws_iam_role.glue.arn
  depends_on  = [aws_iam_role_policy.glue]
}
