"""The only place where sections of the config become objects."""
