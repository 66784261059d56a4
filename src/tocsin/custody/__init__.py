"""Custody: who may act, what was done with the evidence, and who outside attests to it."""
