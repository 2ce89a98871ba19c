"""How sure an objective is, and what it was before it was confirmed."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column(
        "bodies",
        sa.Column(
            "interval",
            sa.Text(),
            nullable=True,
            comment="of the objective, at 95 %. JSON: [low, high, trials]",
        ),
    )
    op.add_column(
        "bodies",
        sa.Column(
            "first_seen",
            sa.Double(),
            nullable=True,
            comment="objective before it was confirmed",
        ),
    )
