"""What Alembic runs: the migrations, on the connection and in the transaction that it was given."""

from alembic import context

from voila_apps.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
context.run_migrations()
