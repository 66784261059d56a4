"""Disclosure: who stands behind tokens, shown to those who may see it, and what it means for the persons themselves."""
