"""Writers of the real log formats, one module a format: events in, bytes out, no randomness and no clock."""
