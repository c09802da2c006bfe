"""Whether a text in a workspace looks like a key: those belong in a secret store, not in Git."""

import re

_SECRET_NAME = re.compile(
    r"(?:^|[_.-])(?:(?:api|app|application|access|write|auth|private|shared|secret|master|admin|license|insert"
    r"|subscription|functions|integration|encryption|signing)[_-]?key|authorization|auth|token|secret|password"
    r"|passwd|pwd|passphrase|signature|sig|credentials?|cookie|bearer|jwt)$",
    re.IGNORECASE,
)
_SCHEME = re.compile(r"(?:basic|bearer|token|apikey|api-key|key|digest|hmac)\s+\S{6,}", re.IGNORECASE)
_PREFIX = re.compile(
    r"(?:[sprw]k[_-](?:live|test)[_-]|whsec_|gh[opsur]_|github_pat_|glpat-|xox[abeoprs]-|A[KS]IA[A-Z0-9]{12}"
    r"|AIza|eyJ[A-Za-z0-9_-]{8}|SG\.|shp(?:at|ss)_|dop_v1_|npm_|sk-|NRAK-|pat-|rl_|key-[0-9a-f]{8}"
    r"|xkeysib-|pk_[0-9a-zA-Z]{20})\S{4,}"
)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_SWITCH = re.compile(r"[A-Za-z](?=[0-9])|[0-9](?=[A-Za-z])")
_CHANGE = re.compile(r"[A-Z](?![A-Z])|[a-z](?![a-z])|[0-9](?![0-9])")
_WORD = re.compile(r"[^\s,;\"'=]+")
_SHORTEST, _SWITCHES = 16, 4
_LONG, _CHANGES = 20, 0.45  # words that begin with capitals change at every third character or less


def names_secret(name: str) -> bool:
    """Whether a header or parameter of this name carries a secret, whatever its value looks like."""
    return _SECRET_NAME.search(name) is not None


def looks_like_key(value: str, *, name: str = "") -> bool:
    """Whether a value is a scheme with credentials, begins as vendors' keys do, or is a mix of characters.

    A UUID is an id where the `name` ends in `id`, and a key elsewhere.
    """
    if _SCHEME.fullmatch(value.strip()):
        return True
    return any(_is_key(word, name) for word in _WORD.findall(value))


def _is_key(word: str, name: str) -> bool:
    if _PREFIX.match(word):
        return True
    if _UUID.search(word):
        return not name.lower().endswith("id")
    if len(word) >= _LONG and len(_CHANGE.findall(word)) >= _CHANGES * len(word):
        return True
    return len(word) >= _SHORTEST and len(_SWITCH.findall(word)) >= _SWITCHES
