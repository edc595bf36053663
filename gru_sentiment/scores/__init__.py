"""Metrics of predictions and their confidence intervals, from arrays; no torch."""
