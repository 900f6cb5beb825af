"""`make bench`: speed as ratios: pipeline, run and formats beside bare peers, gold by slices beside whole, large beside medium, capture beside Debezium, the AWS endpoint, ways to ask Athena."""

import argparse

from bench import aws, debezium, gold, growth, pipeline, queries, run, tables

PARTS = {
    "pipeline": pipeline.main,
    "run": run.main,
    "tables": tables.main,
    "gold": gold.main,
    "growth": growth.main,
    "debezium": debezium.main,
    "aws": aws.main,
    "queries": queries.main,
}


def main() -> None:
    """Run the parts that were named, or all."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("part", nargs="*", choices=[[], *PARTS], help="default: all")
    arguments.add_argument("--scale", default="medium", help="of the source: small, medium, large")
    arguments.add_argument("--rows", type=int, default=320_000, help="of the table formats' one table")
    arguments.add_argument("--rounds", type=int, default=4, help="how often each work is repeated; the best counts")
    chosen = arguments.parse_args()
    for name in chosen.part or PARTS:
        PARTS[name](chosen)


if __name__ == "__main__":
    main()
