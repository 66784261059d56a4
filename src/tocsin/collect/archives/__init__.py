"""One file an archive format; the folder is the registry. The contract is `tocsin.collect.archive`."""
