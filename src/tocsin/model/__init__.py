"""What travels between stages: frozen types, Arrow schemas, and how a long work tells how far it is.

No I/O, and nothing of ours imported but errors.
"""
