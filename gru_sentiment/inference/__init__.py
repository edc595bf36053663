"""Predictions of runs without torch, spaCy and the config: numpy and the compiled kernel alone."""
