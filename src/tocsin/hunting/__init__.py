"""Hunting: rule sets a workspace keeps, what its rules could have seen, and looking back with rules that are new."""
