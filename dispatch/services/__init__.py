"""Writes: one operation, one function, one transaction, one history row, one event row."""
