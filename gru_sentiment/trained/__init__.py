"""Runs that predict, read from their folders."""
