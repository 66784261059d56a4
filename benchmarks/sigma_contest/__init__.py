"""What `benchmarks/sigma_matching.py` runs side by side: corpora, floors, ours and the peers, one file each."""
