"""Names of things in the workspace, and the names of AWS resources that follow from them."""

import re

# File stems. Short, so that `<stack>-<8 hex digits>-<Sync>-dlq` stays within SQS's 80 characters.
SLUG = r"[a-z][a-z0-9]*(-[a-z0-9]+)*"
MAX_SLUG = 40
_YAML_WORDS = frozenset(
    {"y", "n", "on", "off", "yes", "no", "true", "false", "null"}
)  # template.yaml lists names


def is_slug(text: str) -> bool:
    """Whether a text may name a source, destination or sync: `purchases-to-crm`."""
    return len(text) <= MAX_SLUG and re.fullmatch(SLUG, text) is not None and text not in _YAML_WORDS


def pascal_name(slug: str) -> str:
    """`purchases-to-crm` → `PurchasesToCrm`, the sync's name in the template and in its queues' names."""
    return "".join(part.capitalize() for part in slug.split("-"))
