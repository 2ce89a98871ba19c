"""The first schema."""

# pyright: reportUnknownArgumentType=false, reportMissingTypeArgument=false

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "blobs",
        sa.Column("digest", sa.Text(), nullable=False, comment="SHA-256 of the bytes, hexadecimal"),
        sa.Column("data", sa.LargeBinary(), nullable=False, comment="deflated"),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_table(
        "runs",
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "spec", sa.Text(), nullable=False, comment="JSON: what makes the run the run that it is"
        ),
        sa.Column("created_at", sa.Double(), nullable=False, comment="seconds since 1970"),
        sa.Column("version", sa.Text(), nullable=False, comment="of goexplore"),
        sa.PrimaryKeyConstraint("run"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "bodies",
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "base",
            sa.Integer(),
            nullable=True,
            comment="entry that `tree` is a change of; none for a whole tree",
        ),
        sa.Column("hops", sa.SmallInteger(), nullable=False, comment="changes up to a whole tree"),
        sa.Column("tree", sa.LargeBinary(), nullable=False),
        sa.Column("mutator", sa.Text(), nullable=False),
        sa.Column("rationale", sa.Text(), nullable=True),
        sa.Column("why", sa.Text(), nullable=True, comment="of its admission"),
        sa.Column("cell", sa.Text(), nullable=True, comment="none for a failure"),
        sa.Column("observation", sa.Text(), nullable=True),
        sa.Column("measures", sa.Text(), nullable=True, comment="JSON"),
        sa.Column("options", sa.Text(), nullable=True, comment="JSON: [[text, promise], ...]"),
        sa.Column("cause", sa.Text(), nullable=True, comment="of a failure"),
        sa.Column("message", sa.Text(), nullable=True, comment="of a failure"),
        sa.Column("log", sa.Text(), nullable=True),
        sa.Column("snapshot", sa.Text(), nullable=True),
        sa.Column("tasks", sa.SmallInteger(), nullable=False, comment="rows in task_results"),
        sa.Column("crossed", sa.SmallInteger(), nullable=False, comment="rows in other_parents"),
        sa.ForeignKeyConstraint(
            ["log"],
            ["blobs.digest"],
        ),
        sa.ForeignKeyConstraint(
            ["run"],
            ["runs.run"],
        ),
        sa.ForeignKeyConstraint(
            ["snapshot"],
            ["blobs.digest"],
        ),
        sa.PrimaryKeyConstraint("run", "id"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "bodies_with_options",
        "bodies",
        ["run", "id"],
        unique=False,
        sqlite_where=sa.text("options IS NOT NULL"),
        postgresql_where=sa.text("options IS NOT NULL"),
    )
    op.create_table(
        "entries",
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False, comment="in its step, from 0"),
        sa.Column(
            "parent", sa.Integer(), nullable=False, comment="entry it was made from; 0 for a root"
        ),
        sa.Column("option", sa.Integer(), nullable=False, comment="of its parent; -1 for none"),
        sa.Column(
            "cell_key", sa.BigInteger(), nullable=False, comment="60-bit digest; -1 for a failure"
        ),
        sa.Column("objective", sa.Double(), nullable=False, comment="0 for a failure"),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False, comment="lines of its tree"),
        sa.Column(
            "options",
            sa.Integer(),
            nullable=False,
            comment="open from here; -1 unbounded, 0 terminal",
        ),
        sa.Column("depth", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run"],
            ["runs.run"],
        ),
        sa.PrimaryKeyConstraint("run", "id"),
        sqlite_with_rowid=False,
    )
    op.create_index("entries_by_parent", "entries", ["run", "parent"], unique=False)
    op.create_table(
        "events",
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False, comment="seconds since 1970"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run"],
            ["runs.run"],
        ),
        sa.PrimaryKeyConstraint("run", "number"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "other_parents",
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("child", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("parent", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run"],
            ["runs.run"],
        ),
        sa.PrimaryKeyConstraint("run", "child", "place"),
        sqlite_with_rowid=False,
    )
    op.create_index("other_parents_by_parent", "other_parents", ["run", "parent"], unique=False)
    op.create_table(
        "steps",
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "chosen", sa.Integer(), nullable=True, comment="entry set out from; none for the roots"
        ),
        sa.Column(
            "choices", sa.Integer(), nullable=False, comment="how many elites could be chosen"
        ),
        sa.Column("probability", sa.Double(), nullable=False, comment="of the one that was"),
        sa.Column(
            "granted", sa.Integer(), nullable=False, comment="verifications that it might spend"
        ),
        sa.Column(
            "as_of", sa.Integer(), nullable=False, comment="newest entry the selection could see"
        ),
        sa.Column("verifications", sa.Integer(), nullable=False),
        sa.Column("elapsed", sa.Double(), nullable=False, comment="seconds of the run so far"),
        sa.Column("finished_at", sa.Double(), nullable=False, comment="seconds since 1970"),
        sa.ForeignKeyConstraint(
            ["run"],
            ["runs.run"],
        ),
        sa.PrimaryKeyConstraint("run", "number"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "task_results",
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("entry", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run"],
            ["runs.run"],
        ),
        sa.PrimaryKeyConstraint("run", "entry", "place"),
        sqlite_with_rowid=False,
    )
