"""The institution described: taken from lists people have, proposed from the logs, and held against them."""
