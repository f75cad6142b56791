"""Industry templates: one folder each, read as data."""
