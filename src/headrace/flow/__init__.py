"""Flow files: YAML with places -> model -> findings. No I/O but reading the file, and nothing runs here."""
