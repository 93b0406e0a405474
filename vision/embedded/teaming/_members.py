"""Who is in a team, and who of them does what."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from deixis.vision.embedded._text import FRAME_WORDS, has_han, stems
from deixis.vision.embedded.guiding._guide_turn import guides
from deixis.vision.embedded.operating._operating import operates

Role = Literal["read", "document", "guide", "operate"]

_SKILLS: Final = re.compile(r"^Its tools:(?P<tools>.*?)\.?\s*$", re.MULTILINE)
_READS: Final = frozenset({"read_text", "find_on_sign", "zoom", "look_again"})
_READER: Final = re.compile(
    r"\bread|\btext|\blabel|\bsign|\bocr\b|\bpicture|\bimage|识|读|文字|标签"
)
_DOCUMENTS: Final = re.compile(
    r"\bdocument|\bform|\binvoice|\breceipt|\bbill|\bcontract|单据|票|表格|文件|文档|合同"
)


@dataclass(frozen=True, kw_only=True)
class Member:
    """An agent that can be asked.

    Attributes:
        tool: The tool that it is asked by.
        told: What its description says of it, without its tools.
        skills: Names of its own tools.
    """

    tool: str
    told: str
    skills: frozenset[str]

    @classmethod
    def of(cls, tool: str, description: str, fields: Collection[str]) -> Member | None:
        """A tool that is an agent; None for any other."""
        lines = [*_SKILLS.finditer(description)]
        if not lines or "task" not in fields:
            return None
        skills = (name.strip() for name in lines[-1]["tools"].split(","))
        told = description[: lines[-1].start()].strip()
        return cls(tool=tool, told=told, skills=frozenset(filter(None, skills)))

    @property
    def leads(self) -> bool:
        """Whether it has agents of its own to ask."""
        return any(skill.startswith("ask_") for skill in self.skills)

    @property
    def roles(self) -> frozenset[Role]:
        """What it is for."""
        found: set[Role] = set()
        if operates(self.skills):
            found.add("operate")
        if guides(self.skills):
            found.add("guide")
        if found:
            return frozenset(found)
        told = f"{self.tool} {self.told}".casefold().replace("_", " ")
        if _DOCUMENTS.search(told):
            found.add("document")
        if self.skills & _READS or _READER.search(told):
            found.add("read")
        return frozenset(found)

    def fits(self, text: str) -> int:
        """How many telling words a question shares with what is said of it."""
        own = {s for s in stems(f"{self.tool.replace('_', ' ')} {self.told}") if len(s) > 2}
        shared = len((own - FRAME_WORDS) & set(stems(text)))
        pairs = {a + b for a, b in zip(self.told, self.told[1:], strict=False) if has_han(a + b)}
        return shared + sum(pair in text for pair in pairs)


def members_of(tools: Sequence[tuple[str, str, Mapping[str, object]]]) -> tuple[Member, ...]:
    """The agents among the tools: each a name, a description and its fields."""
    found = (Member.of(name, description, fields) for name, description, fields in tools)
    return tuple(member for member in found if member is not None)


def member_for(role: Role, members: Sequence[Member], text: str) -> Member | None:
    """Whom to ask for something; None where nobody is there for it.

    Args:
        role: What is to be done.
        members: Who can be asked.
        text: The question: what is said of them decides between several.
    """
    fit = [member for member in members if role in member.roles]
    if role == "read":
        # Who reads documents reads signs as well, but is asked second.
        fit = [m for m in fit if "document" not in m.roles] or fit
    fit = fit or [member for member in members if member.leads]
    return max(fit, key=lambda member: member.fits(text), default=None)
