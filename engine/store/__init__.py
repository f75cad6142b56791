"""Rows: the only SQL of the house."""
