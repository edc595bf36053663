"""The config: its sections, the YAML file that holds it, and messages about its errors."""
