"""The keys of a chunk's events are one row, and no longer one row each."""

from __future__ import annotations

from alembic import op
from sqlalchemy import inspect, text

from tocsin.store.tables import chunk_keys

revision = "0004"
down_revision: str | None = "0003"


def upgrade() -> None:
    """Makes the table where the first revision has not, and moves the keys into it under the first chunk there is."""
    connection = op.get_bind()
    chunk_keys.create(connection, checkfirst=True)
    if not inspect(connection).has_table("event_keys"):
        return
    keys = b"".join(connection.execute(text("SELECT key FROM event_keys ORDER BY key")).scalars())
    if keys:
        first = connection.execute(text("SELECT min(sequence) FROM chunks")).scalar_one()
        connection.execute(chunk_keys.insert().values(chunk=first, data=keys))
    op.drop_table("event_keys")


def downgrade() -> None:
    """There is no way back: an older version would take every event for a new one."""
    raise NotImplementedError
