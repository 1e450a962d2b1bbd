"""Reads of calls, incidents, boards."""
