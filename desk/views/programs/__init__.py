"""Screens of the program administration."""
