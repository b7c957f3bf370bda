"""What networks for ImageNet's pictures have in common."""

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of ImageNet's colours; torchvision's networks take pictures normalised by them."""
