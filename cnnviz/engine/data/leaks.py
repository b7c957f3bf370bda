"""Pictures that are there twice: in both parts of a data set, in one of them, or under two classes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import numpy as np

from ..pictures import Array
from .base import Data, Files, Tell, go_on, unheard

BLOCK = 4096  # pictures between two looks at whether to go on


@dataclass(frozen=True, eq=False)
class Twins:
    """Exact duplicates, as the network gets the pictures: numbers of pictures, int64, in order.

    leaked               held-out pictures that are trained on, too;  source (as many): the first of those trained on
    again_train, again_test    later copies within each part
    torn_train, torn_test      pictures of which a copy, in either part, has another class
    """

    leaked: Array
    source: Array
    again_train: Array
    again_test: Array
    torn_train: Array
    torn_test: Array


def find(data: Data, tell: Tell = unheard) -> Twins:
    """All exact duplicates. Raises base.Cancelled."""
    n, total = len(data.train_y), len(data.train_y) + len(data.test_y)
    key = _keys(data, tell, total)
    y = np.concatenate([data.train_y, data.test_y])
    _values, first, group = np.unique(key, return_index=True, return_inverse=True)  # the first: trained on, if any is
    group = group.reshape(-1)
    origin = first[group]
    held = np.arange(total) >= n
    leaked = np.flatnonzero(held & (origin < n))
    again = origin != np.arange(total)
    test_first = np.full(len(first), total)
    np.minimum.at(test_first, group[n:], np.arange(n, total))
    again[n:] = test_first[group[n:]] != np.arange(n, total)
    low, high = np.full(len(first), np.iinfo(np.int64).max), np.full(len(first), -1)
    np.minimum.at(low, group, y)
    np.maximum.at(high, group, y)
    torn = (low != high)[group]
    return Twins(
        leaked=leaked - n,
        source=origin[leaked],
        again_train=np.flatnonzero(again[:n]),
        again_test=np.flatnonzero(again[n:]),
        torn_train=np.flatnonzero(torn[:n]),
        torn_test=np.flatnonzero(torn[n:]),
    )


def without(data: Data, twins: Twins) -> Data:
    """The data set without the held-out pictures that are trained on, too."""
    if not len(twins.leaked):
        return data
    keep = np.ones(len(data.test_y), bool)
    keep[twins.leaked] = False
    kept = np.flatnonzero(keep)
    files = data.test_files
    if files is not None:
        files = Files(tuple(files.names[i] for i in kept), files.sizes[kept])
    texts = tuple(data.test_texts[i] for i in kept) if data.test_texts else ()
    x, y = np.ascontiguousarray(data.test_x[kept]), data.test_y[kept]
    return replace(data, test_x=x, test_y=y, test_files=files, test_texts=texts, dropped=len(twins.leaked))


def _keys(data: Data, tell: Tell, total: int) -> Array:
    """16 bytes for each picture, which only equal ones share."""
    digests = bytearray()
    done = 0
    for x in (data.train_x, data.test_x):
        for i in range(len(x)):
            if done % BLOCK == 0:
                go_on(data.name, tell, done, total)
            digests += hashlib.blake2b(np.ascontiguousarray(x[i]).data, digest_size=16).digest()
            done += 1
    halves = np.frombuffer(bytes(digests), np.uint64).reshape(-1, 2)
    return halves.view("u8,u8").reshape(-1)
