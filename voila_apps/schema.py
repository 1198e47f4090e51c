"""The tables of the record, as they stand now. How a record of an earlier form comes here is in `migrations/`.

A form is a whole number, told twice: as SQLite's `user_version`, which every Wanxiang has looked at
since the first, and as Alembic's revision ("0002" is form 2).
"""

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

FORM = 2
REVISION = f"{FORM:04d}"

metadata = MetaData()

# What was done. Append-only.

seats = Table("seats", metadata, Column("seat", String, primary_key=True), Column("created", Float, nullable=False))
runs = Table(
    "runs",
    metadata,
    Column("uid", String, primary_key=True),
    Column("seat", ForeignKey("seats.seat"), nullable=False, index=True),
    Column("scenario", String, nullable=False),
    Column("content_hash", String, nullable=False),
    Column("lesson", String, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("draw_key", String, nullable=False),
    Column("token_hash", String, nullable=False),
    Column("created", Float, nullable=False),
    Column("ended", Float),
    UniqueConstraint("lesson", "seat", "attempt"),
)
documents = Table(
    "documents",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("run", ForeignKey("runs.uid"), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("uid", String, nullable=False, unique=True),
    Column("kind", String, nullable=False),
    Column("body", Text, nullable=False),
    Column("saved", Float, nullable=False),
    UniqueConstraint("run", "seq"),
)
snapshots = Table(
    "snapshots",
    metadata,
    Column("run", ForeignKey("runs.uid"), primary_key=True),
    Column("place", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("saved", Float, nullable=False),
)

# Who sits where, and in which lesson. Seats are pseudonyms; names stand in the class list's file alone.

classes = Table(
    "classes",
    metadata,
    Column("id", String, primary_key=True),
    Column("title", String, nullable=False),
    Column("size", Integer, nullable=False),
    Column("created", Float, nullable=False),
)
lessons = Table(
    "lessons",
    metadata,
    Column("uid", String, primary_key=True),
    Column("class_id", ForeignKey("classes.id"), nullable=False, index=True),
    Column("scenario", String, nullable=False),
    Column("content_hash", String, nullable=False),
    Column("mode", String, nullable=False),
    Column("code", String, nullable=False),
    Column("started", Float, nullable=False),
    Column("ended", Float),
    Column("paused", Boolean, nullable=False),
)
claims = Table(
    "claims",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("lesson", ForeignKey("lessons.uid"), nullable=False),
    Column("seat", String, nullable=False, index=True),
    Column("tablet", String, nullable=False),  # a hash of the random id in that browser's cookie
    Column("claimed", Float, nullable=False),
    Column("released", Float),
    Index("ix_claims_lesson_seat", "lesson", "seat"),
)
