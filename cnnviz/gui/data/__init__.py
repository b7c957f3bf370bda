"""The data set as a person sees it: what is in it, and its pictures to be looked through."""

from __future__ import annotations

from .panel import DataPanel as DataPanel
