"""Erasure: legal holds, and records erased by two people while the proof of the rest stands."""
