"""Folders of pictures for tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image


def put(path: Path, seed: int = 0, size: tuple[int, int] = (12, 10), mode: str = "RGB") -> np.ndarray:
    """A picture of noise (height, width of `size`) in a file; what is in it, (height, width, 3 or 1)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    x = np.random.default_rng(seed).integers(0, 256, (*size, 3 if mode == "RGB" else 1), np.uint8)
    Image.fromarray(x if mode == "RGB" else x[..., 0]).save(path)
    return x


def put_classes(folder: Path, count: int = 5, seed: int = 0) -> None:
    """Class folders cat and dog with so many pictures each."""
    for k, name in enumerate(("cat", "dog")):
        for i in range(count):
            put(folder / name / f"{i}.png", seed + 100 * k + i)
