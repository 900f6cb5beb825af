"""AWS Glue job: every mart of gold, from silver as it stands."""

from lakehouse_aws.gold import main

main()
