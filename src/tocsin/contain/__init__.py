"""Contain: what to cut so that the work goes on. Proposed, never done here."""
