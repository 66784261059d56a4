"""Protection: the vault of protected persons, linked to workspaces, and what its officers do with it."""
