"""Checks that need the solver. They run in a process of their own, so that no web process ever loads it."""
