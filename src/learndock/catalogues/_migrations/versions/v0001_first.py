"""The first tables. Written out, not imported: what was released does not change."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make every table, and set the clock to zero."""
    _sketches()
    _learnwares()
    _words()
    clock = op.create_table(
        "clock",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("tick", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_clock"),
    )
    op.bulk_insert(clock, [{"id": 1, "tick": 0}])


def _sketches() -> None:
    op.create_table(
        "spaces",
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_spaces"),
        sa.UniqueConstraint("id", name="uq_spaces_id"),
    )
    op.create_table(
        "sketches",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sketches"),
    )
    op.create_table(
        "atoms",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("recipe", sa.Text, nullable=False),
        sa.Column("outcomes", sa.Integer, nullable=False),
        sa.Column("whole", sa.LargeBinary, nullable=False),
        sa.Column("parts", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_atoms"),
        sa.ForeignKeyConstraint(["id"], ["sketches.id"], name="fk_atoms_id"),
    )


def _learnwares() -> None:
    op.create_table(
        "learnwares",
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("archive", sa.Text, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("manifest", sa.Text, nullable=False),
        sa.Column("task", sa.Text, nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("license", sa.Text, nullable=False),
        sa.Column("space", sa.Text, nullable=False),
        sa.Column("submitted", sa.Text, nullable=False),
        sa.Column("withdrawn", sa.Text, nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("seq", name="pk_learnwares"),
        sa.ForeignKeyConstraint(["id"], ["sketches.id"], name="fk_learnwares_id"),
        sa.ForeignKeyConstraint(["space"], ["spaces.id"], name="fk_learnwares_space"),
        sa.UniqueConstraint("owner", "name", "version", name="uq_learnwares_owner_name_version"),
        sa.UniqueConstraint("owner", "name", "id", name="uq_learnwares_owner_name_id"),
    )
    op.create_index("ix_learnwares_id", "learnwares", ["id"])
    op.create_index("ix_learnwares_space", "learnwares", ["space"])
    op.create_table(
        "aliases",
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("alias", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("owner", "name", "alias", name="pk_aliases"),
        sa.ForeignKeyConstraint(
            ["owner", "name", "version"],
            ["learnwares.owner", "learnwares.name", "learnwares.version"],
            name="fk_aliases_owner_name_version",
        ),
    )


def _words() -> None:
    op.execute(
        "CREATE VIRTUAL TABLE words USING fts5("
        "name, description, task, target, columns, labels, license, tags, "
        "tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3')"
    )
