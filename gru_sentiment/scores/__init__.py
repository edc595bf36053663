"""How good answers are, and how sure that is: numbers from arrays, no torch."""
