"""The cases, one module each: this folder is the registry."""
