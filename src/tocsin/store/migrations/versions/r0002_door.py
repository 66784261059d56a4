"""Where protected names are kept from: inputs with what they said in clear, sealed, and the epoch all texts passed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds to what the first revision made."""
    op.add_column("inputs", sa.Column("clear", sa.LargeBinary(), nullable=True))
    op.create_table(
        "doors",
        sa.Column("epoch", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("epoch"),
    )


def downgrade() -> None:
    """Nothing goes back: what was sealed would be lost."""
    raise NotImplementedError
