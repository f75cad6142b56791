"""Connectors: one file an outside system, found by being here."""
