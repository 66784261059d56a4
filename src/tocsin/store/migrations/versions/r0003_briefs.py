"""What briefs that went out said."""

from __future__ import annotations

from alembic import op

from tocsin.store.tables import briefs

revision = "0003"
down_revision: str | None = "0002"


def upgrade() -> None:
    """Makes the table where the first revision has not: it makes every table the code of its day knew."""
    briefs.create(op.get_bind(), checkfirst=True)


def downgrade() -> None:
    """Drops it."""
    briefs.drop(op.get_bind())
