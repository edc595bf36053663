"""Rows of a file or a stream, read and answered one after the other, never all at once."""
