"""What travels between stages: frozen types and Arrow schemas. No I/O, and nothing of ours imported but errors."""
