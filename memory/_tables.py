"""The tables of the record."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

TABLES = MetaData()

SETTINGS = Table(
    "memory_settings",
    TABLES,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

# `written` is the number of an owner's last write and `erased` counts what was taken away or
# changed: who knows both knows whether what they hold of an owner is still true. `indexed` is the
# last write that the index has; `rebuild` says that the index holds what should be gone.
OWNERS = Table(
    "memory_owners",
    TABLES,
    Column("owner", Text, primary_key=True),
    Column("written", BigInteger, nullable=False),
    Column("erased", BigInteger, nullable=False),
    Column("indexed", BigInteger, nullable=False),
    Column("rebuild", Boolean, nullable=False),
    Column("policy", Text),
)

ITEMS = Table(
    "memory_items",
    TABLES,
    Column("owner", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("thread", Text),
    Column("kind", Text, nullable=False),
    Column("source", Text),
    Column("created", Float, nullable=False),
    Column("expires", Float),
    Column("replaced_by", Text),
    Column("body", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("vector", LargeBinary, nullable=False),
    UniqueConstraint("owner", "source"),
)
Index("memory_items_by_number", ITEMS.c.owner, ITEMS.c.number, unique=True)
Index("memory_items_by_time", ITEMS.c.owner, ITEMS.c.created)
Index("memory_items_by_newer", ITEMS.c.owner, ITEMS.c.replaced_by)
Index("memory_items_expiring", ITEMS.c.expires)
Index("memory_items_by_model", ITEMS.c.model)

# Who refers to a picture: a memory (`item:…`) or a conversation (`thread:…`).
IMAGES = Table(
    "memory_images",
    TABLES,
    Column("sha256", Text, primary_key=True),
    Column("owner", Text, primary_key=True),
    Column("holder", Text, primary_key=True),
)
Index("memory_images_by_owner", IMAGES.c.owner)
