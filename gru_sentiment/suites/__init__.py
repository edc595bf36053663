"""Behaviour suites: short English texts, and the predictions that any reader would expect."""
