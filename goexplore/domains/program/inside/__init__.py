"""What enters a sandbox with an evaluator: standard library only, Python 3.9 or newer."""
