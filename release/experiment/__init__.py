"""An A/B test: two versions answer shares of the units at the same time, and what really happened decides."""
