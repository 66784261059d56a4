"""The workspace on disk: the tables of SQLite and the Parquet segments. Parquet is written before, SQLite is the commit."""
