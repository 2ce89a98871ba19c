"""As much of openevolve as an evaluator imports."""
