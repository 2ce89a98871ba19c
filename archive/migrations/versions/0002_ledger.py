"""The ledger: steps set out on, and the calls of models."""

# pyright: reportUnknownArgumentType=false, reportMissingTypeArgument=false

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column(
        "steps",
        sa.Column(
            "ahead",
            sa.Integer(),
            nullable=False,
            server_default="0",
            comment="steps that had set out from the same elite and were not back",
        ),
    )
    op.create_table(
        "calls",
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False, comment="SHA-256 of request, model and sample"),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("sample", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("request", sa.LargeBinary(), nullable=False, comment="JSON, deflated"),
        sa.Column("text", sa.LargeBinary(), nullable=False, comment="deflated"),
        sa.Column("finish", sa.Text(), nullable=False),
        sa.Column("prompt_tokens", sa.Integer(), nullable=False),
        sa.Column("cached_tokens", sa.Integer(), nullable=False),
        sa.Column("completion_tokens", sa.Integer(), nullable=False),
        sa.Column(
            "dollars", sa.Double(), nullable=True, comment="none where the price is not known"
        ),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False, comment="seconds since 1970"),
        sa.ForeignKeyConstraint(
            ["run"],
            ["runs.run"],
        ),
        sa.PrimaryKeyConstraint("run", "key"),
        sqlite_with_rowid=False,
    )
    op.create_index("calls_by_step", "calls", ["run", "step"], unique=False)
    op.create_table(
        "turns",
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("chosen", sa.Integer(), nullable=False, comment="entry set out from"),
        sa.Column("choices", sa.Integer(), nullable=False),
        sa.Column("probability", sa.Double(), nullable=False),
        sa.Column("granted", sa.Integer(), nullable=False),
        sa.Column("as_of", sa.Integer(), nullable=False),
        sa.Column(
            "ahead",
            sa.Integer(),
            nullable=False,
            comment="steps that had set out and were not back",
        ),
        sa.ForeignKeyConstraint(
            ["run"],
            ["runs.run"],
        ),
        sa.PrimaryKeyConstraint("run", "number"),
        comment="steps set out on, recorded before they cost anything",
        sqlite_with_rowid=False,
    )
