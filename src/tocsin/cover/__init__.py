"""Cover: what was being watched, folded before anything that reasons about absence."""
