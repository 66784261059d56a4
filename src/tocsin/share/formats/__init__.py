"""One file a format; the folder is the registry."""
