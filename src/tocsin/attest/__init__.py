"""Attest: an evidence package written as files, which a stranger can verify. Format: `docs/formats/evidence.md`."""
