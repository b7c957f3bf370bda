"""How things look: theme, colours, icons, mosaics, bars, pictures."""
