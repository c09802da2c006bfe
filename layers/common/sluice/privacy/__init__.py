"""Privacy: what nothing behind the router may hold. Compiled from a source, run first for each of its events.

paths        operators' paths as one tree, walked once an event
digest       the SHA-256 of a value, written as others write it before they hash it
protect      a source's `drop` and `hash`, and the raw text that ingest keeps elsewhere in an event
suppression  whose events stop here, and the little that is kept of one
"""

from sluice.privacy.protect import compile_privacy
from sluice.privacy.suppression import Suppression, SuppressionUnknown, reduce_event

__all__ = ["Suppression", "SuppressionUnknown", "compile_privacy", "reduce_event"]
