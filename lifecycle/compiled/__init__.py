"""The fast path: a fitted scikit-learn pipeline as a plan of plain array operations, proven equal or not used.

`plan` makes it, `proof` compares it with the estimator, `fast_path` holds what a process may use, `recheck` looks at
live requests. No DataFrame is made on the way.
"""
