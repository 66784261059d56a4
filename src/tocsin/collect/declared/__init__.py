"""Logs that their owner describes: a mapping in, a source that reads the log by it out."""
