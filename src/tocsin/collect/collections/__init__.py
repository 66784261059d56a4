"""Layouts of collectors, one a module; the contract is `collect/collection.py`."""
