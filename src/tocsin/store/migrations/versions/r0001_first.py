"""The tables of `store.tables` as they stand while formats may still break; frozen here when the record is."""

from __future__ import annotations

from alembic import op

from tocsin.store.tables import metadata

revision = "0001"
down_revision: str | None = None


def upgrade() -> None:
    """Makes every table."""
    metadata.create_all(op.get_bind())


def downgrade() -> None:
    """There is nothing before the first revision."""
    raise NotImplementedError
