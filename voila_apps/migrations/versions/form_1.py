"""Form 1: seats, their runs, the documents of a run, its newest snapshot."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the four tables."""
    op.create_table(
        "seats", sa.Column("seat", sa.String, primary_key=True), sa.Column("created", sa.Float, nullable=False)
    )
    op.create_table(
        "runs",
        sa.Column("uid", sa.String, primary_key=True),
        sa.Column("seat", sa.String, sa.ForeignKey("seats.seat"), nullable=False),
        sa.Column("scenario", sa.String, nullable=False),
        sa.Column("content_hash", sa.String, nullable=False),
        sa.Column("lesson", sa.String, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("draw_key", sa.String, nullable=False),
        sa.Column("token_hash", sa.String, nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("ended", sa.Float),
        sa.UniqueConstraint("lesson", "seat", "attempt"),
    )
    op.create_index("ix_runs_seat", "runs", ["seat"])
    op.create_table(
        "documents",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("run", sa.String, sa.ForeignKey("runs.uid"), nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("uid", sa.String, nullable=False, unique=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("saved", sa.Float, nullable=False),
        sa.UniqueConstraint("run", "seq"),
    )
    op.create_table(
        "snapshots",
        sa.Column("run", sa.String, sa.ForeignKey("runs.uid"), primary_key=True),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("saved", sa.Float, nullable=False),
    )
