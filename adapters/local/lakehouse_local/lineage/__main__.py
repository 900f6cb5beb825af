"""Print the page of the standard blueprint: ``python -m lakehouse_local.lineage > docs/reference/lineage.md``."""

import sys

from lakehouse_core.blueprint import STANDARD
from lakehouse_local import settings
from lakehouse_local.lineage import graph, show
from lakehouse_local.spark.session import session

spark = session(settings.from_environment(), None, "lineage")
sys.stdout.write(show.page(graph.of(spark, STANDARD), STANDARD))
spark.stop()
