"""The config: its sections, the file that it is read from, and what is wrong with it."""
