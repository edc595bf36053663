"""Where texts come from: one file for each source, and all return the same records."""
