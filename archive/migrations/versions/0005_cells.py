"""Cells that are not the domain's, and islands."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column(
        "bodies",
        sa.Column(
            "domain_cell",
            sa.Text(),
            nullable=True,
            comment="what its domain said, where the cell is another",
        ),
    )
    op.add_column(
        "entries",
        sa.Column(
            "island",
            sa.SmallInteger(),
            nullable=False,
            server_default="0",
            comment="that it belongs to; 0 where there are none",
        ),
    )
