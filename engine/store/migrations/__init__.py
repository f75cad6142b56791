"""Alembic's environment; one file a change in versions/."""
