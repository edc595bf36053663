"""The one place where config becomes objects."""
