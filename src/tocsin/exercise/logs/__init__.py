"""The logs of the institution, one file a kind: actions in, files in their real formats out."""
