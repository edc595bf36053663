"""One job a file: plain functions that return results."""
