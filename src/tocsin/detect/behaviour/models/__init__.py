"""One file a model. The folder is the registry."""
