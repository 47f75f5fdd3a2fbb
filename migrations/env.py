"""Run the migrations on the connection that `server.adapters.db.migrate` opened, in one transaction."""

from alembic import context

from server.adapters.db.tables import metadata

connection = context.config.attributes.get("connection")
if connection is None:
    raise SystemExit("migrations: run `sixfixed db upgrade`; it knows the database's address")

context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=True,
    compare_type=True,
    # SQLite can roll back its schema too, once the driver leaves transactions alone: a crash leaves the old
    # schema whole.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
