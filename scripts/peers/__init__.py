"""Programs of others, written again by us, to compare with."""
