"""What the sections measure with."""
