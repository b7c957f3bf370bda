"""What a network is made of and how a layer is set: palette, form, formulas."""
