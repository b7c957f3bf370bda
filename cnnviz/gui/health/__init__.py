"""The health of a training as a panel: its signs of trouble, and how the gradient flows through the layers."""
