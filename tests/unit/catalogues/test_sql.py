import gc
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, event

from learndock.catalogues import _schema, _sqlite
from learndock.catalogues.sql import Sql
from learndock.core.ports import Filter
from learndock.core.reference import Reference
from learndock.errors import Busy, Corrupt, Invalid, NotFound, StorageFault
from learndock.testing.catalogue import make_learnware, names, submit
from learndock.testing.processes import run_together

STORE = Reference.parse("ada/store-12")


@pytest.fixture
def file(tmp_path):
    return tmp_path / "catalogue.sqlite"


@pytest.fixture
def url(file):
    return f"sqlite:///{file}"


@pytest.fixture
def catalogue(url):
    return Sql(url)


def run(file, *statements):
    """Change the file behind the catalogue's back."""
    connection = sqlite3.connect(file, isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    connection.close()


# ---------------------------------------------------------------- opening


@pytest.mark.parametrize(
    "wrong", ["", "catalogue", "sqlite://", "sqlite:///:memory:", "postgresql://here/dock"]
)
def test_what_is_no_url_of_a_file_is_refused(wrong):
    with pytest.raises(Invalid, match="SQLite file"):
        Sql(wrong)


def test_a_folder_that_is_not_there_is_not_found(tmp_path):
    with pytest.raises(NotFound, match="folder"):
        Sql(f"sqlite:///{tmp_path}/absent/catalogue.sqlite")


def test_a_path_may_have_any_characters(tmp_path):
    file = tmp_path / "a?b%41#é &=x"
    submit(Sql(URL.create("sqlite", database=str(file))), make_learnware())
    assert file.exists()


def test_a_file_that_is_no_database_is_refused(file, url):
    file.write_bytes(b"no database " * 1000)
    with pytest.raises(Corrupt, match="not a database"):
        Sql(url)


def test_a_database_of_a_newer_version_is_refused(catalogue, file, url):
    run(file, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(Invalid, match=r"9999.*update learndock"):
        Sql(url)


def test_a_migration_that_breaks_off_leaves_nothing(file, url, monkeypatch):
    def break_off(connection):
        connection.exec_driver_sql("CREATE TABLE half (id INTEGER)")
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(_schema, "_upgrade", break_off)
        with pytest.raises(KeyboardInterrupt):
            Sql(url)
    assert Sql(url).problems() == []
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        run(file, "SELECT * FROM half")


def test_the_migrations_make_the_tables_that_the_code_uses(catalogue):
    def own(_object, name, kind, _reflected, _compared_to):
        return kind != "table" or not name.startswith("words")

    with catalogue._engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": own})
        assert compare_metadata(context, _schema.metadata) == []


def test_the_full_text_index_has_the_fields_that_are_entered(catalogue):
    with catalogue._engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT name FROM pragma_table_info('words')")
        fields = rows.scalars().all()
    assert fields == list(_sqlite.searchable(make_learnware().manifest))
    assert ["rowid", *fields] == [column.name for column in _sqlite.words.columns]


def test_head_is_the_newest_migration():
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", _schema._SCRIPTS)
    assert ScriptDirectory.from_config(config).get_current_head() == _schema.HEAD


def test_opening_what_is_there_does_not_load_the_migrations(catalogue, url):
    code = f"""
import sys
from learndock.catalogues.sql import Sql
Sql({url!r}).stamp()
sys.exit("alembic" in sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_processes_may_open_a_new_catalogue_at_once(url):
    code = """
from learndock.catalogues.sql import Sql
from learndock.testing.catalogue import make_learnware, submit
gate.wait()
catalogue = Sql(url)
for version in range(5):
    submit(catalogue, make_learnware(seed=10 * seed + version))
"""
    assert run_together(code, [{"url": url, "seed": seed} for seed in range(6)]) == [0] * 6
    catalogue = Sql(url)
    assert [entry.version for entry in catalogue.find(Filter())] == list(range(1, 31))
    assert catalogue.problems() == []


def test_threads_may_open_a_new_catalogue_at_once(url):
    with ThreadPoolExecutor(6) as pool:
        catalogues = list(pool.map(lambda _: Sql(url), range(6)))
    assert {catalogue.stamp() for catalogue in catalogues} == {0}


def test_a_catalogue_that_nobody_holds_closes_its_file(file, url):
    catalogue = Sql(url)
    catalogue.stamp()
    beside = file.with_name(file.name + "-wal")
    assert beside.exists()
    del catalogue
    gc.collect()
    assert not beside.exists()


# ---------------------------------------------------------------- transactions


@pytest.mark.parametrize(
    ("pragma", "value"),
    [("journal_mode", "wal"), ("synchronous", 2), ("fullfsync", 1), ("foreign_keys", 1)],
)
def test_every_connection_is_durable_and_checks_keys(catalogue, pragma, value):
    with catalogue._engine.connect() as first, catalogue._engine.connect() as second:
        for connection in (first, second):
            assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() == value


@pytest.fixture
def locked(catalogue, file):
    submit(catalogue, make_learnware())
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    yield
    connection.close()


@pytest.mark.usefixtures("locked")
def test_who_waits_too_long_is_told_and_nothing_is_written(catalogue, url):
    impatient = Sql(f"{url}?timeout=0.05")
    for write in (
        lambda: submit(impatient, make_learnware(seed=1)),
        lambda: impatient.withdraw(STORE, reason="old"),
        lambda: impatient.set_alias(STORE, "stable"),
    ):
        with pytest.raises(Busy, match="nothing was written"):
            write()
    assert names(catalogue.find(Filter())) == ["ada/store-12@1"]


@pytest.mark.usefixtures("locked")
def test_reading_waits_for_nobody(url):
    impatient = Sql(f"{url}?timeout=0")
    assert impatient.get(STORE).version == 1
    assert len(list(impatient.atoms(make_learnware().sketch.space.id))) == 1


def test_who_waits_long_enough_is_served(catalogue, file):
    connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    connection.execute("BEGIN IMMEDIATE")
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(submit, catalogue, make_learnware())
        assert not waiting.done()
        connection.execute("COMMIT")
        assert waiting.result(timeout=20).version == 1
    connection.close()


def test_what_fails_half_way_is_undone_as_a_whole(catalogue, monkeypatch):
    def fail(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(_sqlite, "index_words", fail)
    with pytest.raises(KeyboardInterrupt):
        submit(catalogue, make_learnware())
    monkeypatch.undo()
    assert catalogue.find(Filter()) == []
    assert catalogue.spaces() == []
    assert submit(catalogue, make_learnware()).version == 1
    assert catalogue.problems() == []


def test_more_sketches_than_one_query_asks_for_are_found(catalogue, monkeypatch):
    monkeypatch.setattr("learndock.catalogues.sql.CHUNK", 2)
    ids = [submit(catalogue, make_learnware(seed=seed)).id for seed in range(5)]
    assert set(catalogue.sketches(ids)) == set(ids)


# ---------------------------------------------------------------- faults of the disk


@pytest.mark.parametrize(
    ("pragma", "told"),
    [
        ("query_only = ON", "must not be written.*ask for permission"),
        ("max_page_count = 1", "no space is left.*free some space"),
    ],
    ids=["read only", "full"],
)
def test_a_database_that_cannot_be_written_is_told(catalogue, pragma, told):
    @event.listens_for(catalogue._engine, "checkout")
    def hinder(connection, *_):
        connection.execute(f"PRAGMA {pragma}")

    with pytest.raises(StorageFault, match=told):
        submit(catalogue, make_learnware(description="words " * 1600))


def test_a_disk_that_fails_is_told(url):
    pytest.importorskip("resource", reason="writing cannot be made to fail here")
    code = """
import resource
import pytest
from learndock.catalogues.sql import Sql
from learndock.errors import StorageFault
from learndock.testing.catalogue import make_learnware, submit
catalogue = Sql(url)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
with pytest.raises(StorageFault, match="disk fails.*learndock verify"):
    for seed in range(100):
        submit(catalogue, make_learnware(seed=seed))
"""
    assert run_together(code, [{"url": url}]) == [0]


# ---------------------------------------------------------------- backup


def test_a_backup_made_while_others_write_is_a_sound_catalogue(catalogue, url, tmp_path):
    for seed in range(20):
        submit(catalogue, make_learnware(seed=seed))
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(
            lambda: [submit(Sql(url), make_learnware(seed=seed)) for seed in range(20, 40)]
        )
        catalogue.backup(tmp_path / "backup.sqlite")
        writing.result()
    copy = Sql(f"sqlite:///{tmp_path}/backup.sqlite")
    versions = [entry.version for entry in copy.find(Filter())]
    assert versions == list(range(1, len(versions) + 1))
    assert len(versions) >= 20
    assert copy.problems() == []


def test_a_backup_is_one_file(catalogue, tmp_path):
    target = tmp_path / "backup" / "catalogue.sqlite"
    target.parent.mkdir()
    submit(catalogue, make_learnware())
    catalogue.backup(target)
    assert list(target.parent.iterdir()) == [target]


def test_a_backup_into_a_folder_that_is_not_there_is_not_found(catalogue, tmp_path):
    with pytest.raises(NotFound):
        catalogue.backup(tmp_path / "absent" / "backup.sqlite")


# ---------------------------------------------------------------- problems


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        ("DELETE FROM sketches", "the sketch is missing"),
        ("DELETE FROM sketches", "points at nothing in sketches"),
        ("UPDATE sketches SET content = x'00'", "another digest than the manifest says"),
        ("DELETE FROM atoms", "the embedding is missing"),
        ("UPDATE atoms SET whole = x'00'", "the embedding is cut short"),
        ("UPDATE atoms SET outcomes = 7", "the embedding is cut short"),
        ("UPDATE atoms SET whole = x'0000c07f0000c07f0000c07f'", "not finite"),
        ("DELETE FROM spaces", "points at nothing in spaces"),
        ("UPDATE spaces SET content = '{}'", "cannot be read"),
        ("UPDATE spaces SET content = replace(content, '0.5', '0.7')", "not what its digest"),
        ("UPDATE spaces SET name = 'other'", "not what its digest or name says"),
        ("UPDATE learnwares SET manifest = '{'", "the manifest cannot be read"),
        ("UPDATE learnwares SET manifest = replace(manifest, 'MIT', 'BSD')", "another digest"),
        ("UPDATE learnwares SET manifest = CAST(x'7bff' AS TEXT)", "the manifest cannot be read"),
        ("UPDATE learnwares SET submitted = 'today'", "the date of submission cannot be read"),
        ("UPDATE learnwares SET license = 'BSD'", "license differs"),
        ("UPDATE learnwares SET name = 'other'", "name differs"),
        ("DELETE FROM learnwares", "belongs to no learnware"),
        ("DELETE FROM learnwares", "points at nothing in learnwares"),
        ("DELETE FROM words", "full-text index: row 1 differs"),
        ("UPDATE words SET tags = 'other'", "full-text index: row 1 differs"),
        ("UPDATE words_content SET c0 = 'other'", "full-text index"),
        ("DELETE FROM words_data", "database is damaged"),
        ("INSERT INTO words(name) VALUES ('other')", "row 2 belongs to no learnware"),
        ("DELETE FROM clock", "clock"),
    ],
)
def test_damage_is_told(catalogue, file, damage, told):
    submit(catalogue, make_learnware(), alias="stable")
    assert catalogue.problems() == []
    run(file, damage)
    assert any(told in problem for problem in catalogue.problems())


@pytest.mark.parametrize(
    ("damage", "read"),
    [
        ("UPDATE learnwares SET manifest = '{'", lambda it: it.find(Filter())),
        ("UPDATE learnwares SET manifest = '{}'", lambda it: it.get(STORE)),
        ("UPDATE learnwares SET manifest = x'ff'", lambda it: it.set_alias(STORE, "stable")),
        ("UPDATE learnwares SET submitted = 'today'", lambda it: it.find(Filter())),
        ("UPDATE spaces SET content = '{}'", lambda it: it.spaces()),
        ("UPDATE sketches SET content = x'00'", lambda it: it.sketches([make_learnware().id])),
        (
            "UPDATE atoms SET outcomes = 7",
            lambda it: list(it.atoms(make_learnware().sketch.space.id)),
        ),
    ],
)
def test_a_row_that_cannot_be_read_is_corrupt(catalogue, file, damage, read):
    submit(catalogue, make_learnware())
    run(file, damage)
    with pytest.raises(Corrupt, match="cannot be read; run `learndock verify`"):
        read(catalogue)


def test_holdings_are_told_although_a_manifest_cannot_be_read(catalogue, file):
    submit(catalogue, make_learnware())
    run(file, "UPDATE learnwares SET manifest = '{'")
    assert [held.ref for held in catalogue.holdings()] == ["ada/store-12@1"]


def test_a_sketch_of_another_learnware_is_told(catalogue, file):
    submit(catalogue, make_learnware(seed=0))
    submit(catalogue, make_learnware(seed=1))
    run(file, "UPDATE sketches SET content = (SELECT content FROM sketches ORDER BY id LIMIT 1)")
    assert len(catalogue.problems()) == 1


def test_a_damaged_file_is_told_in_words(catalogue, file):
    for seed in range(30):
        submit(catalogue, make_learnware(seed=seed))
    run(file, "PRAGMA wal_checkpoint(TRUNCATE)")
    content = np.fromfile(file, dtype=np.uint8)
    content[4096 * 2 :] = np.random.default_rng(0).integers(0, 256, len(content) - 4096 * 2)
    content.tofile(file)
    assert catalogue.problems() != []


def test_opening_waits_for_another_that_is_making_the_file(tmp_path):
    path = tmp_path / "new.sqlite"
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("CREATE TABLE t (x)")
    other.execute("BEGIN IMMEDIATE")
    other.execute("INSERT INTO t VALUES (1)")
    release = threading.Timer(0.3, lambda: other.execute("COMMIT"))
    release.start()
    with _sqlite.connect(f"sqlite:///{path}").connect() as opened:
        assert opened.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    release.join()
    other.close()
