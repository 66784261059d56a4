"""Exercise: a simulated institution that writes logs in the real formats, with the truth beside them."""
