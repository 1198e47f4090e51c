"""Form 2: the classroom. Classes, their lessons, and who claimed which seat from which tablet."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the three tables."""
    op.create_table(
        "classes",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("title", sa.String, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("created", sa.Float, nullable=False),
    )
    op.create_table(
        "lessons",
        sa.Column("uid", sa.String, primary_key=True),
        sa.Column("class_id", sa.String, sa.ForeignKey("classes.id"), nullable=False),
        sa.Column("scenario", sa.String, nullable=False),
        sa.Column("content_hash", sa.String, nullable=False),
        sa.Column("mode", sa.String, nullable=False),
        sa.Column("code", sa.String, nullable=False),
        sa.Column("started", sa.Float, nullable=False),
        sa.Column("ended", sa.Float),
        sa.Column("paused", sa.Boolean, nullable=False),
    )
    op.create_index("ix_lessons_class_id", "lessons", ["class_id"])
    op.create_table(
        "claims",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("lesson", sa.String, sa.ForeignKey("lessons.uid"), nullable=False),
        sa.Column("seat", sa.String, nullable=False),
        sa.Column("tablet", sa.String, nullable=False),
        sa.Column("claimed", sa.Float, nullable=False),
        sa.Column("released", sa.Float),
    )
    op.create_index("ix_claims_seat", "claims", ["seat"])
    op.create_index("ix_claims_lesson_seat", "claims", ["lesson", "seat"])
