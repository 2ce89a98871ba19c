"""What a call could have been answered, and what of its prompt was left out."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column(
        "calls",
        sa.Column(
            "alternatives", sa.Text(), nullable=True, comment="JSON: [[token, logprob], ...]"
        ),
    )
    op.add_column(
        "calls",
        sa.Column("left_out", sa.Text(), nullable=True, comment="of the prompt, to fit the window"),
    )
