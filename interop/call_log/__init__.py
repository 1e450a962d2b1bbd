"""Public call logs (CSV) streamed through intake: one mapping file for each city's columns and words."""
