"""product.toml: whose endpoint a certificate is about."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..strict_toml import Table

FILE = "product.toml"
FORMAT = 1


@dataclass(frozen=True, kw_only=True)
class Product:
    """Who offers what.  `features`: those that are claimed; None: all that were on in the run."""

    organization: str
    product: str
    version: str
    url: str
    contact: str
    features: tuple[str, ...] | None


def parse(data: bytes, path: Path) -> Product:
    """Read a product's file.  Raises UsageError naming the file and the key that is not as it must be."""
    table = Table.parse(path, data)
    table.expect("format", int, FORMAT)
    product = Product(
        organization=table.text("organization"),
        product=table.text("product"),
        version=table.text("version"),
        url=table.link("url") or table.text("url"),
        contact=table.text("contact"),
        features=tuple(table.texts("features")) if "features" in table.values else None,
    )
    table.done()
    return product
