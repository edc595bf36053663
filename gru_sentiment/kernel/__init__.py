"""Recurrent layers compiled for the processor: C, and what calls it."""
