"""What judges are shown and say: shortlists, verdicts, forecasts, appraisals."""

# pyright: reportUnknownArgumentType=false, reportMissingTypeArgument=false

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def _run() -> "sa.Column[int]":
    return sa.Column("run", sa.Integer(), nullable=False)


def upgrade() -> None:
    op.add_column(
        "bodies",
        sa.Column(
            "appraised",
            sa.SmallInteger(),
            nullable=False,
            server_default="0",
            comment="rows in appraisals",
        ),
    )
    op.create_table(
        "appraisals",
        _run(),
        sa.Column("entry", sa.Integer(), nullable=False),
        sa.Column(
            "interest", sa.Double(), nullable=True, comment="from 0 to 1; none where nobody said"
        ),
        sa.Column(
            "refused",
            sa.Text(),
            nullable=True,
            comment="why it should not be kept; empty: it may be",
        ),
        sa.Column(
            "anyway",
            sa.SmallInteger(),
            nullable=False,
            comment="1: kept although it was refused",
        ),
        sa.Column("vector", sa.LargeBinary(), nullable=True, comment="embedding"),
        sa.ForeignKeyConstraint(["run"], ["runs.run"]),
        sa.PrimaryKeyConstraint("run", "entry"),
        comment="what was thought of entries before they were recorded",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "shortlists",
        _run(),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("as_of", sa.Integer(), nullable=False),
        sa.Column("granted", sa.Integer(), nullable=False),
        sa.Column("choices", sa.Integer(), nullable=False),
        sa.Column("judge", sa.Text(), nullable=False, comment="who is to choose"),
        sa.Column("shown", sa.LargeBinary(), nullable=False, comment="JSON, deflated"),
        sa.ForeignKeyConstraint(["run"], ["runs.run"]),
        sa.PrimaryKeyConstraint("run", "number"),
        comment="what a judge is shown before a step, recorded before it costs anything",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "verdicts",
        _run(),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("entry", sa.Integer(), nullable=False, comment="the step's first"),
        sa.Column("judge", sa.Text(), nullable=False, comment="who chose"),
        sa.Column(
            "fell_back",
            sa.Text(),
            nullable=True,
            comment="why it was not the one that was to choose",
        ),
        sa.Column(
            "comparisons",
            sa.Text(),
            nullable=True,
            comment="JSON: [[first, second, outcome], ...]",
        ),
        sa.Column("retired", sa.Text(), nullable=True, comment="JSON: [[entry, better], ...]"),
        sa.ForeignKeyConstraint(["run"], ["runs.run"]),
        sa.PrimaryKeyConstraint("run", "step"),
        comment="what came of a shortlist",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "forecasts",
        _run(),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("judge", sa.Text(), nullable=False),
        sa.Column("entry", sa.Integer(), nullable=False),
        sa.Column(
            "chance", sa.Double(), nullable=False, comment="that a step from it will be fruitful"
        ),
        sa.Column(
            "pick", sa.SmallInteger(), nullable=False, comment="1: the judge would choose it"
        ),
        sa.ForeignKeyConstraint(["run"], ["runs.run"]),
        sa.PrimaryKeyConstraint("run", "step", "place"),
        sqlite_with_rowid=False,
    )
