"""What acquisition records say of other inputs."""

from __future__ import annotations

from alembic import op

from tocsin.store.tables import acquisitions

revision = "0002"
down_revision: str | None = "0001"


def upgrade() -> None:
    """Makes the table where the first revision has not: it makes every table the code of its day knew."""
    acquisitions.create(op.get_bind(), checkfirst=True)


def downgrade() -> None:
    """Drops it."""
    acquisitions.drop(op.get_bind())
