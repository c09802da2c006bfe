"""The registry of filters: every name that may stand behind a `|`, each shown in docs/templates.md."""

from collections.abc import Mapping
from typing import Final

from sluice.templates.filters import hashes, lists, moments, numbers, patterns, structures, texts
from sluice.templates.filters.filter import Filter

FILTERS: Final[Mapping[str, Filter]] = {
    **texts.FILTERS,
    **numbers.FILTERS,
    **lists.FILTERS,
    **structures.FILTERS,
    **hashes.FILTERS,
    **patterns.FILTERS,
    **moments.FILTERS,
}
