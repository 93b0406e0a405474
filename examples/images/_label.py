"""The label of a box of medicine, in Chinese and English."""

from __future__ import annotations

from _scene import Board, Mark, Style

INK = "#16202c"
BLUE = "#1b5fa8"
PALE = "#e8f0f8"


def label() -> Board:
    """Draw the label."""
    board = Board((900, 560), "#fdfdfb")
    board.box((0, 0, 900, 26), BLUE)
    board.text(48, 104, "阿司匹林肠溶片", Style(72, INK, True), Mark("title"))
    board.text(48, 182, "Aspirin Enteric-coated Tablets", Style(38, BLUE, True), Mark("title"))
    board.box((48, 228, 420, 300), PALE, BLUE, 2, 12)
    board.text(70, 264, "100 mg × 30 片", Style(40, INK, True), Mark("entry"))
    notes = (
        "口服。一日一次，每次一片。",
        "Take one tablet daily, with water.",
        "对阿司匹林过敏者禁用。",
        "Do not take with ibuprofen or warfarin.",
    )
    for row, note in enumerate(notes):
        board.text(48, 352 + 44 * row, note, Style(27, INK), Mark("note"))
    board.rule((0, 518), (900, 518), BLUE, 3)
    board.text(852, 540, "批号 Lot 240817", Style(20, INK, anchor="r"), Mark("note"))
    return board
