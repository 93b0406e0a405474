"""Translation by the model at work."""

from __future__ import annotations

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage

from deixis.tools import Translator
from deixis.vision import EmbeddedModel, prose_of


def translator_of(model: BaseChatModel) -> Translator:
    """A translator that asks this model; word by word for the embedded one, which can't."""
    if isinstance(model, EmbeddedModel):
        return Translator()

    def asked(prompt: str) -> str:
        return prose_of(str(model.invoke([HumanMessage(prompt)]).text))

    return Translator(model=asked)
