"""awswrangler as its users write it: frames to S3 and the catalog, and back by Athena in each of its ways."""

import awswrangler as wr
import pandas as pd

BUCKET = "lakehouse-poc-dev-athena-ti4jmrk8"
PATH = f"s3://{BUCKET}/wr/sale/"
RESULTS = f"s3://{BUCKET}/wr/results/"
sales = pd.DataFrame({"id": [1, 2, 3], "city": ["Washington", None, "Lima"], "day": ["1", "1", "2"]})

wr.catalog.create_database("wr", exist_ok=True)
written = wr.s3.to_parquet(sales, PATH, dataset=True, database="wr", table="sale", partition_cols=["day"])
assert sorted(written["partitions_values"].values()) == [["1"], ["2"]]
assert wr.s3.read_parquet(PATH, dataset=True)["id"].sum() == 6
assert wr.catalog.get_table_types("wr", "sale") == {"id": "bigint", "city": "string", "day": "string"}
assert wr.catalog.does_table_exist("wr", "sale")
assert wr.catalog.get_partitions("wr", "sale") == {f"{PATH}day=1/": ["1"], f"{PATH}day=2/": ["2"]}
assert wr.catalog.table("wr", "sale")["Column Name"].tolist() == ["id", "city", "day"]

query = "SELECT id, city FROM sale WHERE day = '1' ORDER BY id"
for way in ({"ctas_approach": True}, {"ctas_approach": False}, {"ctas_approach": False, "unload_approach": True}):
    place = RESULTS if "unload_approach" not in way else f"s3://{BUCKET}/wr/unloaded/"  # UNLOAD wants an empty one
    frame = wr.athena.read_sql_query(query, "wr", s3_output=place, **way)
    assert frame["id"].tolist() == [1, 2], way
    assert frame["city"].isna().tolist() == [False, True], way

chunks = wr.athena.read_sql_query("SELECT id FROM sale", "wr", s3_output=RESULTS, ctas_approach=False, chunksize=1)
assert sorted(int(chunk["id"].iloc[0]) for chunk in chunks) == [1, 2, 3]
bare = {"s3_output": RESULTS, "ctas_approach": False}
asked = "SELECT id FROM sale WHERE city = :city"
assert wr.athena.read_sql_query(asked, "wr", params={"city": "Lima"}, **bare)["id"].tolist() == [3]
positional = wr.athena.read_sql_query(
    "SELECT id FROM sale WHERE city = ?", "wr", params=["Washington"], paramstyle="qmark", **bare
)
assert positional["id"].tolist() == [1]

made = wr.athena.create_ctas_table("SELECT * FROM sale", "wr", "copy", s3_output=RESULTS, wait=True)
assert made["ctas_query_metadata"].raw_payload["Status"]["State"] == "SUCCEEDED"
assert wr.athena.read_sql_table("copy", "wr", **bare).shape == (3, 3)
wr.s3.to_parquet(sales.head(1).drop(columns="day"), f"{PATH}day=9/late.parquet")
wr.athena.repair_table("sale", "wr", s3_output=RESULTS)
assert f"{PATH}day=9/" in {place.rstrip("/") + "/" for place in wr.catalog.get_partitions("wr", "sale")}
assert len(wr.athena.describe_table("sale", "wr", s3_output=RESULTS)) >= 3

try:
    wr.athena.read_sql_query("SELECT nothing FROM sale", "wr", **bare)
except wr.exceptions.QueryFailed as error:
    assert "COLUMN_NOT_FOUND" in str(error), error
else:
    raise AssertionError("a column that is not there was read")

wr.catalog.delete_database("wr")
print("all held")
