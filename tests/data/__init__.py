"""Tests of the models room: exact references, invariances, learning."""
