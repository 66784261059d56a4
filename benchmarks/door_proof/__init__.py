"""That the door holds: invented names planted in real logs, the whole product run over them, every byte at rest searched.

Nothing here uses `tocsin.protect`: names, encodings, romanisations and the search are of their own, so that a fault of
the matcher cannot hide itself.
"""
