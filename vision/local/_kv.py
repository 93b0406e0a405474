"""The keys and values of a conversation's tokens, and how they are shared between branches.

transformers' attention layers never write into the tensors they keep: each step makes new ones.
So a branch shares them, and any beginning of a conversation is a slice. Recurrent layers (three of
four in Qwen3.5) fold all tokens into one state that is written in place and can't be cut: copies
of it are kept where a conversation may go on differently.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

import torch
from transformers.cache_utils import DynamicCache, DynamicLayer, LinearAttentionLayer


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """The recurrent layers as they were after some tokens.

    Attributes:
        length: How many tokens.
        layers: Copies of the recurrent layers, by their number.
    """

    length: int
    layers: dict[int, Any]


class KeyValues:
    """What a model keeps of the tokens it has seen.

    Args:
        cache: A transformers cache that holds `length` tokens.
        length: How many tokens.
        snapshots: The recurrent layers at earlier places, by length.
    """

    def __init__(self, cache: Any, length: int = 0, snapshots: tuple[Snapshot, ...] = ()) -> None:
        self.cache = cache
        self.length = length
        self.snapshots = snapshots

    @classmethod
    def empty(cls, model: Any) -> KeyValues:
        """Of no tokens."""
        return cls(DynamicCache(config=model.config))

    @property
    def recurrent(self) -> bool:
        """Whether it has layers that can't be cut."""
        return any(type(layer) is LinearAttentionLayer for layer in self._layers)

    @property
    def divisible(self) -> bool:
        """Whether a beginning of it can be had: we know how all of its layers are built."""
        known = (DynamicLayer, LinearAttentionLayer)
        return all(type(layer) in known for layer in self._layers)

    @property
    def _layers(self) -> list[Any]:
        return cast("list[Any]", self.cache.layers)

    def reach(self, length: int) -> int:
        """The most tokens that a continuation can start from, at most `length` of them."""
        if length >= self.length:
            return self.length
        if not self.divisible:
            return 0
        if not self.recurrent:
            return length
        return max((s.length for s in self.snapshots if s.length <= length), default=0)

    def remember(self, most: int) -> None:
        """Keeps a copy of the recurrent layers as they are now.

        Args:
            most: How many copies to hold: the first, which conversations may share, and the last.
        """
        if self.length == 0 or any(snap.length == self.length for snap in self.snapshots):
            return
        layers = {
            number: _copied(layer)
            for number, layer in enumerate(self._layers)
            if type(layer) is LinearAttentionLayer
        }
        kept = (*self.snapshots, Snapshot(length=self.length, layers=layers))
        self.snapshots = kept if len(kept) <= most else (kept[0], *kept[1 - most :])

    def prefix(self, length: int) -> KeyValues:
        """A branch that starts from the first tokens; `reach` says from how many it can.

        This stays as it is. The branch shares its memory until it grows.
        """
        cache = copy.copy(self.cache)
        cache.layers = list(self._layers)
        branch = KeyValues(cache, self.length, self.snapshots)
        if length == self.length:
            branch.remember(len(self.snapshots) + 1)
        branch.roll_back(length)
        return branch

    def roll_back(self, length: int) -> None:
        """Drops the tokens after the first ones, those of a forward pass that broke off included.

        The length must be one that `reach` gives, or where `remember` was called.
        """
        at = next((snap for snap in self.snapshots if snap.length == length), None)
        for number, layer in enumerate(self._layers):
            if type(layer) is DynamicLayer:
                self._layers[number] = _cut(layer, length)
            elif at is not None:
                self._layers[number] = _copied(at.layers[number])
        self.length = length
        self.snapshots = tuple(snap for snap in self.snapshots if snap.length <= length)

    def memory(self) -> dict[int, int]:
        """Bytes of the memory it holds, by address: what branches share is the same address."""
        layers = [
            *self._layers,
            *(kept for snap in self.snapshots for kept in snap.layers.values()),
        ]
        storages = [tensor.untyped_storage() for layer in layers for tensor in _tensors(layer)]
        return {storage.data_ptr(): storage.nbytes() for storage in storages}


def _cut(layer: Any, length: int) -> Any:
    cut = copy.copy(layer)
    if cut.is_initialized:
        cut.keys, cut.values = layer.keys[..., :length, :], layer.values[..., :length, :]
    return cut


def _copied(layer: Any) -> Any:
    """A recurrent layer with memory of its own."""
    new = copy.copy(layer)
    for name, value in _attributes(layer).items():
        if isinstance(value, dict):
            states = cast("dict[int, Any]", value)
            setattr(new, name, {key: _cloned(state) for key, state in states.items()})
        else:
            setattr(new, name, _cloned(value))
    return new


def _cloned(value: Any) -> Any:
    return value.clone() if isinstance(value, torch.Tensor) else value


def _tensors(layer: Any) -> Iterator[torch.Tensor]:
    for value in _attributes(layer).values():
        states = cast("dict[int, Any]", value).values() if isinstance(value, dict) else (value,)
        yield from (state for state in states if isinstance(state, torch.Tensor))


def _attributes(layer: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", vars(layer))
