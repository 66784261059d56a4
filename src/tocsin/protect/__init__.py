"""Protect: the door every byte passes that leaves `process`."""
