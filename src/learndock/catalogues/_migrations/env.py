"""Alembic's environment. The catalogue brings its connection, with a transaction open on it."""

from alembic import context

from learndock.catalogues._schema import metadata

if __name__ == "env_py":  # as Alembic calls it; whoever else imports this file runs nothing
    context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
    context.run_migrations()
