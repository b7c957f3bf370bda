"""scikit-learn's handwritten digits, which are always there."""

from __future__ import annotations

import gzip
import importlib.util
from pathlib import Path

import numpy as np

from ...net.plan import Plan
from ...text import _
from .base import DataError, Raw, divided

CLASSES = tuple("0123456789")


def read(folder: Path, plan: Plan) -> Raw:
    """1,797 handwritten digits of 8×8 pixels, values 0…16, read without importing scikit-learn (a second)."""
    spec = importlib.util.find_spec("sklearn")
    if spec is None or spec.origin is None:
        raise DataError(_("scikit-learn, which brings the digits, is not installed. Run: pip install scikit-learn"))
    table = Path(spec.origin).parent / "datasets" / "data" / "digits.csv.gz"
    if table.is_file():
        with gzip.open(table, "rt", encoding="ascii") as file:
            rows = np.loadtxt(file, delimiter=",", dtype=np.float32)
    else:
        from sklearn.datasets import load_digits

        x, y = load_digits(return_X_y=True)
        rows = np.column_stack([x, y]).astype(np.float32)
    pictures = (rows[:, :64] / np.float32(16)).reshape(-1, 8, 8, 1)
    return divided(pictures, rows[:, 64].astype(np.int64), CLASSES, plan.held_out)
