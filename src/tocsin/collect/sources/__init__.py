"""One folder a log format; the folder is the registry. The contract is `tocsin.collect.source`."""
