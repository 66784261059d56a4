"""Tests of `tocsin.record`."""
