"""How good the network is on held-out pictures: confusion, classes, calibration, and the pictures behind a number."""
