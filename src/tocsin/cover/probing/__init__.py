"""Coverage probes: planned, scripted, and held against what was recorded."""
