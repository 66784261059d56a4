"""The revisions of the database of a workspace, oldest first, and how they are applied."""
