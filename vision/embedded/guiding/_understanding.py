"""What is asked of a guide, in whichever language it understands."""

from __future__ import annotations

from deixis.vision.embedded._text import has_han, language_of
from deixis.vision.embedded.guiding._request import Request
from deixis.vision.embedded.guiding._request_en import request_en
from deixis.vision.embedded.guiding._request_zh import request_zh


def request_of(text: str) -> Request:
    """Takes apart what is said to a guide, in English or Chinese."""
    chinese = has_han(text) and language_of(text) != "en"
    return request_zh(text) if chinese else request_en(text)
