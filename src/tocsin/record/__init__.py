"""The record: raw bytes sealed from receipt, a Merkle tree over commitments, signed checkpoints; and verification."""
