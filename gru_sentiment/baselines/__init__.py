"""Linear models of n-grams, the reference that a network must beat."""
