"""Sample flows to start from, read as data."""
