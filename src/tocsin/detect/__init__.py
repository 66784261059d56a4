"""Detect: rules over decoded records, and the hits they leave."""
