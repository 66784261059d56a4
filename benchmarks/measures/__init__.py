"""What is measured on public data: each module gives its figures to the tests and to `docs/evaluation.md` alike."""
