"""A network as a drawing in lines and letters, which needs neither torch nor a display."""
