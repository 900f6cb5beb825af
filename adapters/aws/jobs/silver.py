"""AWS Glue job: what is new in bronze for one table (--entity), into silver."""

from lakehouse_aws.silver import main

main()
