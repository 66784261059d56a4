"""Correlate: hits into findings, findings into incidents, each link with its reason."""
