"""The command line: one file a command; it composes and renders, it decides nothing."""
