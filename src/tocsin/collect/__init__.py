"""Collect: find inputs, recognise them by content, cut them into chunks, read their records."""
