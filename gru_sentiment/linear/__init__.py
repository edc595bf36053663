"""Models that are linear: in the n-grams of a text, or in the answers of other models."""
