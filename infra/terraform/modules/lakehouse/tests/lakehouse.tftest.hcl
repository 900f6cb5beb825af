# What the whole lake is, planned against a provider that answers nothing by itself: no account, no network.

mock_provider "aws" {
  mock_data "aws_availability_zones" {
    defaults = { names = ["us-west-2a", "us-west-2b", "us-west-2c"] }
  }

  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }

  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }

  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }
}

variables {
  suffix                     = "a1b2c3d4"
  source_cidr                = "10.9.0.0/24"
  source_database            = "saas"
  source_ca_certificate_file = "tests/ca.pem"
  wheel                      = "wheels/lakehouse.whl"
  python_modules             = ["phonenumbers==9.0.0"]
}

run "names_are_the_documents" {
  command = plan

  assert {
    condition     = module.storage.buckets["bronze"] == "lakehouse-poc-dev-bronze-a1b2c3d4" && length(module.storage.buckets) == 5
    error_message = "five buckets, each project-environment-layer-suffix"
  }

  assert {
    condition     = toset(values(module.catalog.databases)) == toset(["lakehouse-poc_dev_bronze", "lakehouse-poc_dev_silver", "lakehouse-poc_dev_gold"])
    error_message = "three databases, with the document's underscores"
  }

  assert {
    condition     = length(module.jobs.silver_jobs) == 8 && module.jobs.silver_jobs["order_item"] == "lakehouse-poc-dev-silver-order-item"
    error_message = "one silver job for each of the eight tables"
  }

  assert {
    condition     = module.query.workgroup == "lakehouse-poc-dev-workgroup"
    error_message = "the document's workgroup"
  }
}

run "another_environment_differs_in_names_only" {
  command = plan

  variables {
    project     = "shop"
    environment = "prod"
  }

  assert {
    condition     = module.storage.buckets["gold"] == "shop-prod-gold-a1b2c3d4" && module.jobs.gold_job == "shop-prod-gold"
    error_message = "names follow project and environment"
  }
}

run "ones_own_tables_have_jobs_of_their_own" {
  command = plan

  variables {
    extensions = ["shop.lake:extend"]
    own_tables = ["review"]
  }

  assert {
    condition     = length(module.jobs.silver_jobs) == 9 && module.jobs.silver_jobs["review"] == "lakehouse-poc-dev-silver-review"
    error_message = "a silver job for each table, those of extensions too"
  }
}

run "two_zones_whatever_the_region_has" {
  command = plan

  assert {
    condition     = length(module.network.subnet_ids) == 2
    error_message = "DMS needs subnets in two zones"
  }
}

run "a_suffix_that_no_bucket_may_have" {
  command = plan
  variables { suffix = "A1-B2" }
  expect_failures = [var.suffix]
}

run "a_project_too_long_for_buckets" {
  command = plan
  variables { project = "a-project-whose-name-is-far-too-long" }
  expect_failures = [var.project]
}

run "an_environment_with_a_hyphen" {
  command = plan
  variables { environment = "pre-prod" }
  expect_failures = [var.environment]
}

run "a_range_that_is_none" {
  command = plan
  variables { source_cidr = "10.9.0.0" }
  expect_failures = [var.source_cidr]
}

run "a_vpc_too_small_for_its_subnets" {
  command = plan
  variables { vpc_cidr = "10.42.0.0/24" }
  expect_failures = [var.vpc_cidr]
}

run "a_certificate_that_is_none" {
  command = plan
  variables { source_ca_certificate_file = "tests/lakehouse.tftest.hcl" }
  expect_failures = [var.source_ca_certificate_file]
}

run "a_format_that_is_none" {
  command = plan
  variables { table_format = "iceberg" }
  expect_failures = [var.table_format]
}

run "an_instance_that_is_none" {
  command = plan
  variables { dms_instance_class = "t3.medium" }
  expect_failures = [var.dms_instance_class]
}

run "an_empty_key" {
  command = plan
  variables { kms_key_arn = "" }
  expect_failures = [var.kms_key_arn]
}

run "a_cutoff_below_athenas_least" {
  command = plan
  variables { query_bytes_cutoff = 1000 }
  expect_failures = [var.query_bytes_cutoff]
}

run "a_job_of_one_worker" {
  command = plan
  variables { workers = 1 }
  expect_failures = [var.workers]
}

run "a_share_of_everything" {
  command = plan
  variables { quarantined_percent = 100 }
  expect_failures = [var.quarantined_percent]
}

run "a_port_that_is_none" {
  command = plan
  variables { source_port = 70000 }
  expect_failures = [var.source_port]
}
