"""Assess: what was compromised (exposure) and through what (attribution)."""
