"""The window itself: what stands where, commands, messages, the start."""
