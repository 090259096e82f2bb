"""Tables of the catalogue, and bringing a database up to them."""

from threading import Lock

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Engine,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    column,
    inspect,
    select,
    table,
)

from learndock.errors import Invalid

HEAD = "0001"
"""The newest revision in `_migrations`; comparing with it spares importing Alembic."""

_SCRIPTS = "learndock.catalogues:_migrations"
_VERSION = table("alembic_version", column("version_num"))
_one_at_a_time = Lock()  # Alembic keeps the running migration in a global

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

spaces = Table(
    "spaces",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("label", Text, nullable=False),  # table/weekly-sales@1
    Column("content", Text, nullable=False),  # canonical JSON
)

sketches = Table(
    "sketches",
    metadata,
    Column("id", Text, primary_key=True),  # of the learnware
    Column("content", LargeBinary, nullable=False),
)

atoms = Table(
    "atoms",
    metadata,
    Column("id", Text, ForeignKey("sketches.id"), primary_key=True),
    Column("recipe", Text, nullable=False),  # how they were made
    Column("outcomes", Integer, nullable=False),  # C
    Column("whole", LargeBinary, nullable=False),  # (D,) little-endian float32
    Column("parts", LargeBinary, nullable=False),  # (C, D)
)

learnwares = Table(
    "learnwares",
    metadata,
    Column("seq", Integer, primary_key=True),  # order of submission
    Column("id", Text, ForeignKey("sketches.id"), nullable=False),
    Column("owner", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("archive", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("manifest", Text, nullable=False),  # canonical JSON; the next four repeat it
    Column("task", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("license", Text, nullable=False),
    Column("space", Text, ForeignKey("spaces.id"), nullable=False),
    Column("submitted", Text, nullable=False),  # ISO 8601, UTC
    Column("withdrawn", Text, nullable=False, server_default=""),
    UniqueConstraint("owner", "name", "version"),
    UniqueConstraint("owner", "name", "id"),
    Index(None, "id"),
    Index(None, "space"),
)

aliases = Table(
    "aliases",
    metadata,
    Column("owner", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("alias", Text, nullable=False),
    Column("version", Integer, nullable=False),
    PrimaryKeyConstraint("owner", "name", "alias"),
    ForeignKeyConstraint(
        ["owner", "name", "version"], ["learnwares.owner", "learnwares.name", "learnwares.version"]
    ),
)

clock = Table(
    "clock",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("tick", BigInteger, nullable=False),
)


def migrate(engine: Engine, writing: Engine) -> None:
    """Bring a database up to `HEAD`; several processes may do so at once.

    Parameters
    ----------
    engine : Engine
        For looking.
    writing : Engine
        Whose transactions hold the write lock from their beginning: whoever comes second waits
        for the lock, and then finds nothing to do.

    Raises
    ------
    Invalid
        If the database comes from a newer learndock.
    """
    with engine.connect() as connection:
        if _revision(connection) == HEAD:
            return
    with _one_at_a_time, writing.begin() as connection:
        _upgrade(connection)


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table(_VERSION.name):
        return None
    return connection.scalar(select(_VERSION.c.version_num))


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", _SCRIPTS)
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise Invalid(
            f"the catalogue has revision {_revision(connection)}; this learndock knows "
            f"revisions up to {HEAD}",
            next="update learndock: `pip install --upgrade learndock`",
        ) from error
