"""What is usual, learned from the logs themselves; what is not, with a calibrated p-value and a sentence."""
