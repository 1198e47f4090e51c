"""From one form of the record to the next, with Alembic, inside one transaction.

Alembic takes a third of a second to load, so it is loaded only when a record of an earlier form has to
be brought up; a new one is made from `schema` at once. A test holds the two ways together.
"""

from pathlib import Path

from sqlalchemy.engine import Connection

from voila_apps.schema import FORM, REVISION, metadata

HERE = Path(__file__).resolve().parent
VERSION_TABLE = (
    "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, "
    "CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
)


def create(connection: Connection) -> None:
    """A new record in today's form."""
    metadata.create_all(connection)
    connection.exec_driver_sql(VERSION_TABLE)
    connection.exec_driver_sql(f"INSERT INTO alembic_version VALUES ('{REVISION}')")
    _say_form(connection)


def bring_up(connection: Connection, form: int) -> None:
    """A record of an earlier form to today's. `form` is its `user_version`; the first had no table of revisions."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(HERE).replace("%", "%%"))
    config.attributes["connection"] = connection
    if not connection.exec_driver_sql("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").first():
        command.stamp(config, f"{form:04d}")
    command.upgrade(config, REVISION)
    _say_form(connection)


def _say_form(connection: Connection) -> None:
    connection.exec_driver_sql(f"PRAGMA user_version = {FORM}")
