"""A person is erased: nothing of theirs is left in any byte, and everything else is as it was."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from lakehouse_home import Lakehouse, lakehouse

from lakehouse_local.capture import manifest
from lakehouse_local.erase import flow
from lakehouse_local.erase.person import Person
from lakehouse_local.erase.search import files, objects, search
from lakehouse_local.lake import erasures, kept

pytestmark = pytest.mark.slow

EXTENSIONS = ("tests.support.few_marts:people_marts",)
NOW = datetime(2026, 1, 31, tzinfo=UTC)
OTHERS = (
    "select * from silver.customers where id <> {} order by all",
    "select * from silver.customer_version where id <> {} order by all",
    "select * from gold.dim_customer where customer_id <> {} order by all",
)
SUMS = (
    "select * from silver.orders order by all",
    "select * from gold.revenue_daily order by all",
    "select * from gold.customer_ltv order by all",
)


@dataclass(frozen=True)
class World:
    """A lake, and two of its customers: of one the row was corrected, quarantined and put right again."""

    lake: Lakehouse
    person: Person
    second: Person

    def words(self, person: Person) -> dict[str, list[str]]:
        """Mail and phone of a customer as the source has them."""
        ((email, phone),) = self.lake.source(f"select email, phone from core_customer where id = {person.customer}")
        return {"email": [email], "phone": [phone]}

    def found(self, words: dict[str, list[str]]) -> set[str]:
        """In which buckets, and below which prefix there, a word is."""
        buckets = [self.lake.bucket(layer) for layer in ("bronze", "silver", "gold")]
        places = [*objects(self.lake.storage, buckets), *files(self.lake.settings.home / "query-cache", ())]
        searched = search(places, words)
        assert searched.unreadable == ()
        return {place.split("/")[2].split("-")[3] + "/" + place.split("/")[3].split(":")[0] for place in searched.found}


@pytest.fixture(scope="module", params=[("hudi", "dms"), ("delta", "debezium"), ("hudi", "dms-tables")], ids="-".join)
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A lake with a load and four runs of changes."""
    table_format, wire = request.param
    with lakehouse(tmp_path_factory.mktemp("erase") / "home", extensions=EXTENSIONS) as lake:
        assert lake.command("run", "--format", table_format, "--wire", wire).ended == (0, None)
        chosen = lake.source(
            "select tenant_id, id from core_customer c where length(phone) > 9 and email ~ '^[a-z.]+[0-9]*@[a-z.-]+$'"
            " and exists (select from core_order o where o.customer_id = c.id)"
            " and not exists (select from core_customer d where d.id <> c.id and (d.email = c.email or d.phone = c.phone))"
            " order by id limit 2"
        )
        person, second = (Person(*ids) for ids in chosen)
        lake.change(f"update core_customer set email = 'first.of.all@canary.example' where id = {person.customer}")
        lake.run()
        lake.change(
            f"update core_customer set email = 'it''s \"Ünusual\", line@canary.example', created_at = 'infinity'"
            f" where id = {person.customer}"
        )
        lake.run()
        lake.change(
            f"update core_customer set email = 'third@canary.example', created_at = '2025-07-01' where id = {person.customer}"
        )
        lake.simulate(1)
        lake.run()
        yield World(lake, person, second)


def test_nothing_is_left_and_the_rest_is_as_it_was(world: World) -> None:
    """Before, the search finds the person in every layer; after, in none, and no other row, sum or count has moved."""
    lake, person = world.lake, world.person
    words = world.words(person)
    words["email"] += ["first.of.all@canary.example", "Ünusual"]
    before = world.found(words)
    base = {"silver/customer", "silver/customer_version", "silver/quarantine", "gold/dim_customer"}
    assert base <= before
    assert any(place.startswith("bronze/") for place in before)
    as_of = lake.records()[-1].as_of
    rest = [lake.query(sql.format(person.customer)) for sql in OTHERS]
    sums = [lake.query(sql) for sql in SUMS]
    told = _bronze(lake)

    command = ("erase", f"--tenant={person.tenant}", f"--customer={person.customer}", "--yes", "--json")
    result = (lake.bucket("athena"), "somebody/result.csv")
    lake.storage.put(*result, b"email\nthird@canary.example\n")
    left = lake.command(*command)
    assert left.ended == (1, None), left.err
    first = json.loads(left.out)["receipt"]
    assert first["found"] == [f"s3://{'/'.join(result)}: email"]
    lake.storage.delete(*result)
    done = lake.command(*command)
    assert done.ended == (0, None), done.err
    receipt = json.loads(done.out)["receipt"]
    assert receipt["found"] == receipt["unreadable"] == []
    assert receipt["words"]["email"] >= 3
    assert receipt["words"]["phone"] >= 1
    assert receipt["quarantined"] >= 1
    assert receipt["bronze_rows"] >= 5
    assert not [word for each in words.values() for word in each if word in left.out + left.err + done.out + done.err]

    assert world.found(words) == set()
    assert lake.verify().exit_code == 0
    assert lake.records()[-1].as_of == as_of
    assert [lake.query(sql.format(person.customer)) for sql in OTHERS] == rest
    assert [lake.query(sql) for sql in SUMS] == sums
    now = _bronze(lake)
    changed = {key for key in told if told[key] != now[key]}
    assert changed == set(first["files"])
    assert {key: tuple(each) for key, each in first["files"].items()} == {key: (told[key], now[key]) for key in changed}
    ((email, phone),) = lake.query(f"select email, phone from silver.customers where id = {person.customer}")
    assert email == phone == person.placeholder


def test_manifests_have_successors_that_list_what_there_is(world: World) -> None:
    """The first revisions stay as they were written; the chain goes on through the last ones."""
    lake = world.lake
    bucket = lake.bucket("bronze")
    chain = manifest.read_chain(lake.storage, bucket)
    followed = [each for each in chain if each.revision]
    assert followed
    for each in followed:
        first = manifest.from_json(lake.storage.get(bucket, manifest.key(each.epoch, each.sequence)))
        assert first.revision == 0
        assert [entry.key for entry in first.files] == [entry.key for entry in each.files]
        assert [entry.rows for entry in first.files] == [entry.rows for entry in each.files]
    stored = _bronze(lake)
    assert all(stored[entry.key] == entry.sha256 for each in chain for entry in each.files)


def test_the_lake_goes_on(world: World) -> None:
    """Changes after an erasure are taken in; a time before it can no longer be asked for."""
    lake = world.lake
    first = lake.records()[0]
    lake.simulate(1)
    lake.run()
    assert lake.verify().exit_code == 0
    assert (
        lake.command("query", "select 1 from silver.orders", "--as-of", first.as_of.isoformat()).error == "no-such-time"
    )
    oldest = kept.read(lake.storage, lake.bucket("silver"))
    assert oldest is not None
    assert oldest.run > first.run


def test_an_erasure_that_is_cut_off_is_finished_first(world: World) -> None:
    """Wherever it ends, nothing else writes until the same command has completed it."""
    lake, person = world.lake, world.second
    words = world.words(person)

    class Killed(Exception):
        pass

    steps = iter(("change log", "tables without", "gold:", "looking for what is left"))
    ending = next(steps)
    while ending:

        def say(text: str, ending: str = ending) -> None:
            if ending in text:
                raise Killed

        with pytest.raises(Killed):
            flow.erase(lake.parts, lake.settings, person, NOW, say)
        assert lake.command("run").error == "erasure-unfinished"
        other = lake.command("erase", f"--tenant={world.person.tenant}", f"--customer={world.person.customer}", "--yes")
        assert other.ended == (1, "erasure-unfinished")
        assert f"--customer {person.customer}" in other.err
        ending = next(steps, "")
    done = flow.erase(lake.parts, lake.settings, person, NOW, lambda _text: None)
    assert done.receipt is not None
    assert done.receipt.is_clean
    assert sum(done.receipt.words.values()) >= 2
    assert world.found(words) == set()
    assert lake.verify().exit_code == 0
    assert done.wanted is None
    assert erasures.newest(lake.storage, lake.bucket("silver")) == done


def test_who_is_not_there_is_not_erased(world: World) -> None:
    """An id that nobody has, and one of another tenant, are told apart; nothing is written."""
    lake = world.lake
    before = erasures.newest(lake.storage, lake.bucket("silver"))
    nobody = lake.command("erase", "--tenant=1", "--customer=99999999", "--yes")
    assert nobody.ended == (2, "no-such-customer")
    elsewhere = lake.command("erase", "--tenant=99999", f"--customer={world.second.customer}", "--yes")
    assert elsewhere.ended == (2, "no-such-customer")
    assert f"but of {world.second.tenant}" in elsewhere.err
    assert erasures.newest(lake.storage, lake.bucket("silver")) == before
    unasked = lake.command("erase", "--tenant=1", f"--customer={world.second.customer}")
    assert unasked.exit_code == 1


def _bronze(lake: Lakehouse) -> dict[str, str]:
    bucket = lake.bucket("bronze")
    return {
        key: hashlib.sha256(lake.storage.get(bucket, key)).hexdigest()
        for key in lake.storage.keys(bucket, "")
        if not key.startswith("_lakehouse/")
    }
