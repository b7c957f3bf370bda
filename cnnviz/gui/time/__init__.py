"""The time cursor under the window: the line, its buttons, runs side by side."""
