"""Tocsin: from an institution's own logs, what happened, what was compromised, and how it is proven."""

__version__ = "0.1.0"
