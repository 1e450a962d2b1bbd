"""The database backend (base.py): Django finds it by this package's name."""
