"""One file a relation: what models learn from, counted by day. The folder is the registry."""
