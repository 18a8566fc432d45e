"""Model files: unwrapped, judged by an exact allow-list, and only then loaded."""
