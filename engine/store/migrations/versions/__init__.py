"""The changes of the database, oldest first by their revision links."""
