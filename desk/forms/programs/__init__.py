"""Forms of the program editor."""
