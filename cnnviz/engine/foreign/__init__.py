"""Models that were not made here: traced into our graphs, with their weights."""
