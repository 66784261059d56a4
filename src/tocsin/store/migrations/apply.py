"""Brings a database to the newest revision, in one transaction, without any file of settings."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine


def apply_migrations(engine: Engine) -> None:
    """Applies every revision the database lacks: all of them or none."""
    settings = Config()
    settings.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    settings.set_main_option("path_separator", "os")
    with engine.connect() as connection:
        connection.execution_options(tocsin_begin="IMMEDIATE")
        with connection.begin():
            settings.attributes["connection"] = connection
            command.upgrade(settings, "head")
