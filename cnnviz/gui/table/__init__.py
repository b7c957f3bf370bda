"""The table of all layers and its copies."""
