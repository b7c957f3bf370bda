"""Runs exported Keras code in a process of its own: `keras_run.py FOLDER [WEIGHTS]`. Not imported by the program."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np


def main(folder: str, keep: str = "") -> None:
    """FOLDER holds code.py, weights.npz and in.npy, and gets out.npy; the weights go to `keep` as Keras writes them."""
    room = Path(folder)
    names: dict[str, Any] = {"__name__": "exported"}
    exec(compile((room / "code.py").read_text(encoding="utf-8"), "code.py", "exec"), names)
    model = names["model"]
    given: dict[str, list[Any]] = {}
    with np.load(room / "weights.npz") as weights:
        for key in sorted(weights.files, key=lambda k: (k.rpartition("/")[0], int(k.rpartition("/")[2]))):
            given.setdefault(key.rpartition("/")[0], []).append(weights[key])
    for name, values in given.items():
        model.get_layer(name).set_weights(values)
    out = model(np.load(room / "in.npy"), training=False)
    np.save(room / "out.npy", out.detach().cpu().numpy())
    if keep:
        model.save_weights(keep, overwrite=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
