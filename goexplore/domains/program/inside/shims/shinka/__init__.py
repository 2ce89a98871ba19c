"""As much of ShinkaEvolve as an evaluator imports."""
