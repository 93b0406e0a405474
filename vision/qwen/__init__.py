"""The Qwen-VL line: how its families write places, and how they are asked for them."""

from deixis.vision.qwen._dialect import QwenDialect
from deixis.vision.qwen._families import (
    Family,
    FamilyFacts,
    facts_of,
    families,
    family_of_name,
    family_of_type,
)
from deixis.vision.qwen._parse import dropped_places, parse_places
from deixis.vision.qwen._resize import served_limits, smart_resize

__all__ = [
    "Family",
    "FamilyFacts",
    "QwenDialect",
    "dropped_places",
    "facts_of",
    "families",
    "family_of_name",
    "family_of_type",
    "parse_places",
    "served_limits",
    "smart_resize",
]
