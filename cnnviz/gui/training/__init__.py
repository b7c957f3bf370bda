"""Training: the bar, the plan, the curves."""
