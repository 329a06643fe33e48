"""Backups on the memory target: written, proven, listed, restored; and never called good when they are not."""

from pathlib import Path
from shutil import rmtree
from typing import Any

import pytest
from prefect import Flow

from flows.backup import backup
from flows.deploy import deploy
from flows.provision import provision
from flows.reconcile import reconcile
from flows.restore import restore
from flows.rollback import rollback
from flows.run import run
from flows.scale import scale
from flows.teardown import teardown
from infra_specs.backup.names import Aside
from infra_specs.backup.parts import RestoredParts
from infra_specs.backup.state import Backup
from infra_specs.errors import DiskFull, OutOfResources, ProviderError
from infra_specs.resources.instance import Health, Instance
from tasks.backups import catalog
from tasks.base.settings import settings
from tasks.ledger import Ledger, Owner
from tests.flows.faults import Faulty, target
from tests.flows.going import done, failed, go
from tests.flows.shop import addresses, shop

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("prefect_server"), pytest.mark.proof]
__all__ = ["target"]  # a fixture

ROWS = {"orders": ["1 book", "2 lamps"], "people": ["ada"]}
LATER = {"orders": ["1 book", "2 lamps", "3 chairs"], "people": []}


class Ended(BaseException):
    """As a cancelled run ends."""


@pytest.fixture
async def provisioned(target: Faulty) -> None:
    await done(provision, spec=shop(), source="/srv")
    target._databases.put("shop", "database/main", ROWS)


def known(home: Path) -> list[Backup]:
    with Ledger.open(settings()) as ledger:
        spec = ledger.stacks.find("shop")
        assert spec
        return list(catalog.backups(catalog.open_vault(ledger, spec.stack(), home), "shop"))


@pytest.mark.usefixtures("provisioned")
class TestBackup:
    async def test_it_is_proven_and_nothing_else_is_left(self, target: Faulty, home: Path) -> None:
        before = addresses(home)
        said = await done(backup, stack="shop")
        (made,) = known(home)
        assert (made.state, made.reason) == ("proven", "")
        assert said.startswith(f"{made.name} is proven: 2 tables, 3 rows, ")
        assert target._databases.names("shop", "database/main") == ("app",)
        assert addresses(home) == before

    async def test_the_newest_is_proven_again_from_its_store(self, target: Faulty, home: Path) -> None:
        assert (await failed(backup, stack="shop", proof=True)).startswith("shop has no backup yet.")
        await done(backup, stack="shop")
        (made,) = known(home)
        message = await done(backup, stack="shop", proof=True)
        assert message == f"{made.name} is proven again: 2 tables, 3 rows"
        free = home / "memory" / "databases" / "free"
        free.write_text("10")
        assert "could not be proven again, and counts on: there is no room" in await failed(
            backup, stack="shop", proof=True
        )
        assert known(home)[0].state == "proven"
        free.unlink()
        path = home / "backups" / "shop" / made.name / "database-0.age"
        data = bytearray(path.read_bytes())
        data[-1] ^= 1
        path.write_bytes(data)
        message = await failed(backup, stack="shop", proof=True)
        assert "does not count: " in message
        with Ledger.open(settings()) as ledger:
            assert ledger.backup_results.all()["shop"].failure == message, "an alert says so"
        assert [(held.name, held.state) for held in known(home)] == [(made.name, "failed")]
        assert target._databases.names("shop", "database/main") == ("app",)

    async def test_what_fell_by_half_is_written_down(self, target: Faulty, home: Path) -> None:
        await done(backup, stack="shop")
        target._databases.put("shop", "database/main", {"orders": ["1 book"], "people": []})
        await done(backup, stack="shop")
        newer, older = known(home)
        assert older.fall is None
        assert newer.state == "proven"
        assert newer.fall is not None
        assert (newer.fall.since, newer.fall.rows) == (older.name, (3, 1))

    async def test_a_copy_that_differs_does_not_count(
        self, target: Faulty, home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        restored = target._databases.restore

        def loses_a_row(instance: Any, aside: Any, source: Any, locale: str) -> None:
            restored(instance, aside, source, locale)
            target._databases._change(instance, lambda databases: databases[str(aside)]["orders"].pop())

        monkeypatch.setattr(target._databases, "restore", loses_a_row)
        message = await failed(backup, stack="shop")
        (made,) = known(home)
        assert made.state == "failed"
        assert made.reason == "app was restored and differs: public.orders has 1 rows in place of 2"
        assert message == f"The backup {made.name} of shop is written and does not count: {made.reason}."
        assert target._databases.names("shop", "database/main") == ("app",)

    async def test_roles_that_cannot_be_read_do_not_count(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        write_manifest = catalog.write_manifest

        def changes_a_byte(vault: Any, manifest: Any) -> None:
            path = home / "backups" / manifest.roles["database/main"].key
            path.write_bytes(path.read_bytes()[:-1])
            write_manifest(vault, manifest)

        monkeypatch.setattr("tasks.backups.write.write_manifest", changes_a_byte)
        assert "roles-0.age cannot be decrypted" in await failed(backup, stack="shop")
        (made,) = known(home)
        assert made.state == "failed"

    async def test_what_an_ended_run_left_beside_the_data_is_removed(self, target: Faulty) -> None:
        target._databases._change(
            Instance("shop", "database/main", "database", "", 1, Health("healthy", "", 0.0)),
            lambda databases: databases.update({str(Aside("restored", "20260101-030000", 0)): {}}),
        )
        await done(backup, stack="shop")
        assert target._databases.names("shop", "database/main") == ("app",)

    async def test_without_room_it_stays_written_and_the_missing_bytes_are_said(
        self, target: Faulty, home: Path
    ) -> None:
        (home / "memory" / "databases" / "free").write_text("10")
        message = await failed(backup, stack="shop")
        (made,) = known(home)
        assert made.state == "written"
        assert "there is no room to restore app beside itself" in message
        assert message.endswith("10 are free, 47 are missing."), message

    @pytest.mark.parametrize("lack", [OutOfResources, DiskFull])
    async def test_a_server_that_lacks_something_says_nothing_of_the_backup(
        self, target: Faulty, home: Path, monkeypatch: pytest.MonkeyPatch, lack: type[ProviderError]
    ) -> None:
        def refuses(*_: Any) -> None:
            raise lack("pg_restore ended with 1: No space left on device")

        with monkeypatch.context() as patched:
            patched.setattr(target._databases, "restore", refuses)
            patched.setattr(target._databases, "drop", refuses)  # the server is gone by then
            await failed(backup, stack="shop")
        (made,) = known(home)
        assert made.state == "written"
        assert made.reason == "app cannot be restored now: pg_restore ended with 1: No space left on device"
        await done(restore, stack="shop", backup=made.name, unproven=True)

    async def test_a_store_that_refuses_leaves_no_backup(self, home: Path) -> None:
        (home / "backups").write_text("a file in its place")
        message = await failed(backup, stack="shop")
        assert "the folder of backups" in message
        (home / "backups").unlink()
        assert known(home) == []

    @pytest.mark.parametrize("proof", [False, True])
    async def test_a_store_that_cannot_be_listed_is_a_failure_of_the_backup(
        self, monkeypatch: pytest.MonkeyPatch, *, proof: bool
    ) -> None:
        def refuses(*_: Any) -> Any:
            raise ProviderError("the store is away")

        monkeypatch.setattr("flows.backup.names", refuses)
        assert await failed(backup, stack="shop", proof=proof) == "the store is away"
        with Ledger.open(settings()) as ledger:
            assert ledger.backup_results.all()["shop"].failure == "the store is away"

    async def test_a_dump_that_fails_leaves_no_backup(
        self, target: Faulty, home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def dies(*_: Any) -> Any:
            raise ProviderError("pg_dump ended with 1; see the log of database/main")

        monkeypatch.setattr(target._databases, "dump", dies)
        assert await failed(backup, stack="shop") == "pg_dump ended with 1; see the log of database/main"
        assert known(home) == []
        assert list((home / "backups").rglob("*.age")) == []

    async def test_one_at_a_time(self, home: Path) -> None:
        with Ledger.open(settings()) as ledger:
            ledger.backup_locks.acquire("shop", Owner.here("backup"), 3600)
            assert "A backup of shop is being written or restored by" in await failed(backup, stack="shop")

    async def test_a_stack_that_is_torn_down_is_told_so(self) -> None:
        await done(teardown, stack="shop")
        assert await failed(backup, stack="shop") == ("shop is torn down. Bring it back first: tenfold provision shop")


class TestNothingToBackUp:
    async def test_a_stack_without_a_database_is_told_so(self, target: Faulty) -> None:
        await done(provision, spec=shop(needs=False), source="/srv")
        assert await failed(backup, stack="shop") == ("shop has no data that can be backed up on the memory target.")


@pytest.mark.usefixtures("provisioned")
class TestRestore:
    async def test_the_rows_of_the_backup_are_back(self, target: Faulty, home: Path) -> None:
        await done(backup, stack="shop")
        target._databases.put("shop", "database/main", LATER)
        before = addresses(home)
        said = await done(restore, stack="shop")
        (made,) = known(home)
        assert said.startswith(f"{made.name} is restored: 2 tables, 3 rows. The services were away for ")
        assert target._databases.rows("shop", "database/main") == ROWS
        assert target._databases.names("shop", "database/main") == ("app",)
        assert [address.partition("#")[0] for address in addresses(home)] == before

    async def test_services_that_do_not_come_back_get_the_data_from_before(self, target: Faulty, home: Path) -> None:
        await done(backup, stack="shop")
        target._databases.put("shop", "database/main", LATER)
        target.fails["replica/web-0"] = [ProviderError("no memory")]
        message = await failed(restore, stack="shop")
        assert "no memory" in message
        assert message.endswith("The data from before is in its place, and nothing of it is lost.")
        assert target._databases.rows("shop", "database/main") == LATER
        assert target._databases.names("shop", "database/main") == ("app",)
        assert "replica/web-0" in addresses(home)

    async def test_data_that_cannot_be_put_back_is_not_said_to_be_back(
        self, target: Faulty, home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It would be dropped with the next proven backup, which holds none of it."""
        await done(backup, stack="shop")
        target._databases.put("shop", "database/main", LATER)
        exchanged = target._databases.exchange

        def once(*arguments: Any) -> None:
            exchanged(*arguments)
            monkeypatch.setattr(target._databases, "exchange", refuses)

        def refuses(*_: Any) -> None:
            raise ProviderError("the server is away")

        monkeypatch.setattr(target._databases, "exchange", once)
        target.fails["replica/web-0"] = [ProviderError("no memory")]
        message = await failed(restore, stack="shop")
        assert "Nobody knows whether the data from before is in its place: the server is away" in message
        assert message.endswith("the next reconcile puts it back: tenfold reconcile shop")
        (made,) = known(home)
        for verb in (backup, restore):
            assert (await failed(verb, stack="shop")).startswith(f"The restore of {made.name} failed, and the data of")
        assert "the server is away" in await failed(reconcile, stack="shop")
        assert not [address for address in addresses(home) if address.startswith("replica/")]
        monkeypatch.setattr(target._databases, "exchange", exchanged)
        await done(reconcile, stack="shop")
        assert target._databases.rows("shop", "database/main") == LATER
        assert target._databases.names("shop", "database/main") == ("app",)
        assert [address for address in addresses(home) if address.startswith("replica/web-0")]
        await done(backup, stack="shop")

    async def test_nothing_is_started_on_what_a_failed_restore_left(self, home: Path) -> None:
        await done(backup, stack="shop")
        (made,) = known(home)
        with Ledger.open(settings()) as ledger:
            lease = ledger.backup_locks.acquire("shop", Owner.here("restore"), 3600)
            ledger.undos.begin(lease, RestoredParts(made.name, (("database/main", "app"),), ()))
            ledger.locks.release(lease)
        before = addresses(home)
        verbs: tuple[tuple[Flow[..., Any], dict[str, Any]], ...] = (
            (provision, {}),
            (deploy, {"env": {"A": "1"}, "service": "web"}),
            (rollback, {}),
            (scale, {"service": "web", "replicas": 2}),
            (run, {"service": "web", "command": "true"}),
            (backup, {}),
            (restore, {}),
        )
        for verb, more in verbs:
            message = await failed(verb, stack="shop", **more)
            assert message.startswith(f"The restore of {made.name} failed, and the data of shop from before"), verb.name
            assert message.endswith("tenfold reconcile shop"), verb.name
        assert addresses(home) == before
        await done(reconcile, stack="shop")
        await done(provision, stack="shop")

    @pytest.mark.parametrize("name", ["shop", "shop-copy"])
    async def test_one_that_is_ended_while_it_exchanges_is_taken_back_without_its_store(
        self, target: Faulty, home: Path, monkeypatch: pytest.MonkeyPatch, name: str
    ) -> None:
        await done(backup, stack="shop")
        copied = {"as_stack": name, "replace": True} if name != "shop" else {}
        if copied:
            await done(restore, stack="shop", **copied)
        target._databases.put(name, "database/main", LATER)
        exchanged = target._databases.exchange

        def ends(*arguments: Any) -> None:
            exchanged(*arguments)
            raise Ended

        with monkeypatch.context() as patched:
            patched.setattr(target._databases, "exchange", ends)
            with pytest.raises(Ended):
                await go(restore, stack="shop", **copied)
        assert target._databases.rows(name, "database/main") == ROWS
        assert (await failed(provision, stack=name)).endswith(f"Put it back first: tenfold reconcile {name}")
        rmtree(home / "backups")
        await done(reconcile, stack=name)
        assert target._databases.rows(name, "database/main") == LATER
        assert target._databases.names(name, "database/main") == ("app",)
        await done(provision, stack=name)

    async def test_of_a_stack_that_is_torn_down_nothing_runs_after_it_is_taken_back(
        self, target: Faulty, home: Path
    ) -> None:
        target._databases._change(
            Instance("shop", "database/main", "database", "", 1, Health("healthy", "", 0.0)),
            lambda databases: databases.update({str(Aside("replaced", "20260101-030000", 0)): dict(LATER)}),
        )
        with Ledger.open(settings()) as ledger:
            lease = ledger.backup_locks.acquire("shop", Owner.here("restore"), 3600)
            ledger.undos.begin(lease, RestoredParts("20260101-030000", (("database/main", "app"),), ()))
            ledger.locks.release(lease)
        await done(teardown, stack="shop")
        before = addresses(home)
        await done(reconcile, stack="shop")
        assert target._databases.rows("shop", "database/main") == LATER
        assert [address.partition("#")[0] for address in addresses(home)] == before
        await done(provision, stack="shop")
        assert target._databases.rows("shop", "database/main") == LATER

    async def test_an_unproven_one_is_refused_unless_asked_for(self, target: Faulty, home: Path) -> None:
        free = home / "memory" / "databases" / "free"
        free.write_text("10")
        await failed(backup, stack="shop")
        free.unlink()
        target._databases.put("shop", "database/main", LATER)
        assert "shop has no proven backup" in await failed(restore, stack="shop")
        (made,) = known(home)
        message = await failed(restore, stack="shop", backup=made.name)
        assert f"The backup {made.name} of shop is written, not proven" in message
        assert message.endswith(f"tenfold restore shop {made.name} --unproven")
        await done(restore, stack="shop", backup=made.name, unproven=True)
        assert target._databases.rows("shop", "database/main") == ROWS

    async def test_one_byte_changed_touches_nothing(self, target: Faulty, home: Path) -> None:
        await done(backup, stack="shop")
        (made,) = known(home)
        path = home / "backups" / "shop" / made.name / "database-0.age"
        data = bytearray(path.read_bytes())
        data[-1] ^= 1
        path.write_bytes(data)
        target._databases.put("shop", "database/main", LATER)
        before = addresses(home)
        assert "cannot be decrypted" in await failed(restore, stack="shop")
        assert target._databases.rows("shop", "database/main") == LATER
        assert addresses(home) == before

    async def test_another_stacks_backup_is_unknown(self, target: Faulty) -> None:
        await done(backup, stack="shop")
        await done(provision, spec=shop("blog"), source="/srv")
        assert await failed(restore, stack="blog", backup="20261101-030000") == (
            "blog has no backup `20261101-030000`. It has none."
        )

    async def test_a_copy_beside_leaves_its_source_alone(self, target: Faulty, home: Path) -> None:
        await done(backup, stack="shop")
        target._databases.put("shop", "database/main", LATER)
        before = addresses(home)
        for replace in (False, True):
            await done(restore, stack="shop", as_stack="shop-copy", replace=replace)
            assert target._databases.rows("shop-copy", "database/main") == ROWS
            assert target._databases.names("shop-copy", "database/main") == ("app",)
        assert addresses(home) == before
        assert [address.partition("#")[0] for address in addresses(home, "shop-copy")] == before
        assert target._databases.rows("shop", "database/main") == LATER

    async def test_a_copy_that_is_there_is_replaced_only_if_asked_for(self, target: Faulty) -> None:
        await done(backup, stack="shop")
        await done(restore, stack="shop", as_stack="shop-copy")
        target._databases.put("shop-copy", "database/main", LATER)
        refused = (
            "There is a copy shop-copy already, and its data would be lost. Give another name, or say that you mean "
            "it: tenfold restore shop --as shop-copy --yes"
        )
        assert await failed(restore, stack="shop", as_stack="shop-copy") == refused
        await done(teardown, stack="shop-copy")
        assert await failed(restore, stack="shop", as_stack="shop-copy") == refused
        assert target._databases.rows("shop-copy", "database/main") == LATER
        await done(restore, stack="shop", as_stack="shop-copy", replace=True)
        assert target._databases.rows("shop-copy", "database/main") == ROWS

    async def test_a_copy_has_not_the_name_of_its_source(self, target: Faulty) -> None:
        await done(backup, stack="shop")
        target._databases.put("shop", "database/main", LATER)
        assert await failed(restore, stack="shop", as_stack="shop") == (
            "A copy of shop cannot have its name. Give another one, or leave out --as."
        )
        assert target._databases.rows("shop", "database/main") == LATER

    async def test_a_copy_is_put_into_no_other_stack(self, target: Faulty) -> None:
        await done(backup, stack="shop")
        await done(provision, spec=shop("blog", needs=False), source="/srv")
        assert await failed(restore, stack="shop", as_stack="blog") == (
            "There is a stack blog already, and it is no copy of shop. Give another name."
        )


@pytest.mark.usefixtures("provisioned")
class TestTeardown:
    async def test_a_last_backup_stays_when_the_data_goes(self, target: Faulty, home: Path) -> None:
        said = await done(teardown, stack="shop", delete_data=True)
        assert f"Its backups stay in {home / 'backups'}: " in said
        await done(provision, spec=shop(), source="/srv")
        target._databases.put("shop", "database/main", {})
        await done(restore, stack="shop")
        assert target._databases.rows("shop", "database/main") == ROWS

    async def test_it_holds_what_the_services_wrote_until_they_stopped(
        self, target: Faulty, home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        destroyed = target.destroy

        def writes_to_the_last(instance: Instance) -> Instance | None:
            if instance.kind == "replica":
                target._databases.put("shop", "database/main", LATER)
            return destroyed(instance)

        monkeypatch.setattr(target, "destroy", writes_to_the_last)
        await done(teardown, stack="shop", delete_data=True)
        assert addresses(home) == []
        await done(provision, spec=shop(), source="/srv")
        target._databases.put("shop", "database/main", {})
        await done(restore, stack="shop")
        assert target._databases.rows("shop", "database/main") == LATER

    async def test_a_store_that_refuses_stops_no_service(self, home: Path) -> None:
        (home / "backups").write_text("a file in its place")
        before = addresses(home)
        message = await failed(teardown, stack="shop", delete_data=True)
        assert "the folder of backups" in message
        assert "stopped" not in message
        assert addresses(home) == before

    async def test_without_one_nothing_is_deleted(self, home: Path) -> None:
        (home / "memory" / "databases" / "free").write_text("10")
        before = addresses(home)
        message = await failed(teardown, stack="shop", delete_data=True)
        assert message.startswith("Nothing was deleted, for no last backup of shop could be made: ")
        assert message.endswith("tenfold teardown shop --delete-data --no-backup")
        assert (
            "were stopped for it, and all data is there. The next reconcile or provision starts them again" in message
        )
        assert "database/main" in addresses(home)
        assert not [address for address in addresses(home) if address.startswith("replica/")]
        await done(reconcile, stack="shop")
        assert [address.partition("#")[0] for address in addresses(home)] == before
        await done(teardown, stack="shop", delete_data=True, no_backup=True)
        assert addresses(home) == []


class TestProvision:
    async def test_a_store_that_may_not_be_written_is_refused_before_anything_is_made(
        self, target: Faulty, home: Path, tmp_path: Path
    ) -> None:
        (tmp_path / "file").write_text("no folder")
        place = str(tmp_path / "file" / "backups")
        message = await failed(provision, spec={**shop(), "backup": {"to": place}}, source="/srv")
        assert message == (
            f"shop could not be backed up: the folder of backups {place} is not there: make it, or mount the disk that "
            "it belongs to"
        )
        assert addresses(home) == []

    async def test_a_folder_that_may_be_written_is_left_as_it_was(self, target: Faulty, tmp_path: Path) -> None:
        place = tmp_path / "mnt" / "backups"
        place.mkdir(parents=True)
        await done(provision, spec={**shop(), "backup": {"to": str(place)}}, source="/srv")
        assert [path for path in place.rglob("*") if path.is_file()] == []
