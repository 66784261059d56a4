"""Reading: planned inputs in, each chunk worked on, committed by the one writer, and read again from the record."""
