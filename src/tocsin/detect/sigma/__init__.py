"""Sigma: rule files in, the rules that match each record out, and an account of every rule that could not."""
