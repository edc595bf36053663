"""What a file holds that nobody has described: its dialect, columns, classes and language."""
