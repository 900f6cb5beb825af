output "databases" {
  description = "Database names by layer."
  value       = { for layer, database in aws_glue_catalog_database.layer : layer => database.name }
}

output "crawlers" {
  description = "Crawler names by layer."
  value       = merge({ bronze = aws_glue_crawler.bronze.name }, { for layer, crawler in aws_glue_crawler.lake : layer => crawler.name })
}
