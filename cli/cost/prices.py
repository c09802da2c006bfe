"""The table of prices: data with a date, which a file may replace in whole or in part."""

from datetime import date
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from cli.stack import CommandError

_NEEDS = "it needs `date` and `prices`, as in the shipped one"
SHIPPED = Path(__file__).with_name("prices.yaml")


class Price(BaseModel):
    """US dollars per one of what `per` says."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    usd: float = Field(ge=0)
    per: str
    source: str


class PriceTable(BaseModel):
    """Every price that is needed, by name, as of a day."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    date: date
    region: str
    currency: str
    prices: dict[str, Price]

    def __getitem__(self, name: str) -> float:
        """Dollars for one."""
        return self.prices[name].usd


def load_prices(path: Path | None = None) -> PriceTable:
    """The shipped prices, and over them those of a file of the same form. Raises CommandError."""
    shipped = _read(SHIPPED)
    if path is None:
        return PriceTable.model_validate(shipped)
    given = _read(path)
    prices = given.get("prices") or {}
    if not isinstance(prices, dict) or "date" not in given or not _are_objects(prices):
        raise CommandError(f"{path} is not a table of prices", _NEEDS)
    if unknown := sorted(set(prices) - set(shipped["prices"])):
        raise CommandError(
            f"{path}: there is no price {unknown[0]}", f"there are {', '.join(shipped['prices'])}"
        )
    merged = {name: {**known, **prices.get(name, {})} for name, known in shipped["prices"].items()}
    try:
        return PriceTable.model_validate({**shipped, **given, "prices": merged})
    except ValidationError as error:
        first = error.errors()[0]
        raise CommandError(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error


def _are_objects(prices: dict[str, Any]) -> bool:
    return all(isinstance(price, dict) for price in prices.values())


def _read(path: Path) -> dict[str, Any]:
    try:
        tree = YAML(typ="safe", pure=True).load(path.read_text())
    except (OSError, UnicodeDecodeError, YAMLError) as error:
        raise CommandError(f"{path} cannot be read: {error}") from error
    if not isinstance(tree, dict):
        raise CommandError(f"{path} is not a table of prices", _NEEDS)
    return tree
