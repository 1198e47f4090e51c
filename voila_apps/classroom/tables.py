"""Tables of the classroom: which classes there are, which lessons were held, which tablet sat at which seat."""

from sqlalchemy import Boolean, Column, Float, ForeignKey, Integer, String, Table

from voila_apps.store import metadata

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
    Column("class_id", ForeignKey("classes.id"), nullable=False),
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
    Column("seat", String, nullable=False),
    Column("tablet", String, nullable=False),
    Column("claimed", Float, nullable=False),
    Column("released", Float),
)
