"""The process and the machine: environment, signals, progress, provenance, torch's setup."""
