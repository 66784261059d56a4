"""Share: the answers as text, JSON and a report. Every byte that leaves the product is written by `share.exit`."""
