"""Attest: what is handed to a court or an authority as files, and its verification."""
