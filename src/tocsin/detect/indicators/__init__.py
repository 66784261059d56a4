"""Indicators of others: read from what they published, asked of every record, accounted for."""
