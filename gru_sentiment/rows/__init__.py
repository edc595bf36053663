"""Rows of a file or a stream, read, predicted and written a group at a time."""
