"""Reading documents into fields without a language model: by labels, layout and tables."""

from deixis.vision.embedded.documents._engine import find_fields
from deixis.vision.embedded.documents._fields import FieldSpec, fields_of, leaves
from deixis.vision.embedded.documents._filling import ReadPage, filled
from deixis.vision.embedded.documents._outcomes import Found, UnclearError
from deixis.vision.embedded.documents._parsing import Usage, parse
from deixis.vision.embedded.documents._written import Writing, Written

__all__ = [
    "FieldSpec",
    "Found",
    "ReadPage",
    "UnclearError",
    "Usage",
    "Writing",
    "Written",
    "fields_of",
    "filled",
    "find_fields",
    "leaves",
    "parse",
]
