"""Measurements: on public data (`measures`), and side by side with peers."""
