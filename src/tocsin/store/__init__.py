"""The workspace on disk: tables in SQLite, which is the commit, and the files written before it."""
