"""Relations in; boxes and lines with their places out: in columns for a wide page, in one list for a narrow one.

Nothing is random and nothing depends on a font's measures beyond a cautious mean width of its letters. Of each layer
the weightiest nodes are drawn, the others as one box "N more".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from tocsin.model.instant import format_time
from tocsin.model.token import TOKEN
from tocsin.share.plain import shortened, shown
from tocsin.share.relations import LAYERS, Move, Node, Relations

_MOST = 6  # nodes of a layer that are drawn
_WIDE, _NARROW = 900, 360
_LETTER = 7.4  # mean width of a letter of 12.5 units in a wide face
_LINE = 15
_PADDING = 8
_PORT = 14  # a line that arrives has this much height to itself, for its label
_GAP_X, _GAP_Y, _TOP = 46, 12, 30
_MAXIMUM_WIDTH = 190
_ROW, _GUTTER = 40, 84
_NARROW_LETTER = 7.2  # of 12 units
_SWEEPS = 4


class Box(NamedTuple):
    """One node drawn; `target` is the number of the row it links to, 0 for "N more"; `lines` its words, shortened."""

    x: int
    y: int
    width: int
    height: int
    hostile: bool
    lines: tuple[str, ...]
    title: str
    target: int


class Line(NamedTuple):
    """One move drawn as a path; `label` ends at (`x`, `y`), "" where the drawing has no room for it."""

    path: str
    hostile: bool
    label: str
    x: int
    y: int
    title: str


class Head(NamedTuple):
    """The name of a layer and where it stands."""

    x: int
    y: int
    text: str


class Drawing(NamedTuple):
    """All of one picture, in units of its own."""

    width: int
    height: int
    heads: tuple[Head, ...]
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]


class _Spot(NamedTuple):
    """What is drawn as one box: a node, or the rest of a layer."""

    layer: int
    rank: int
    node: Node | None
    more: int

    @property
    def hostile(self) -> bool:
        return self.node is not None and self.node.hostile


class _Join(NamedTuple):
    """The moves between two spots, as one line."""

    a: int
    b: int
    number: str
    title: str
    hostile: bool


class _Graph(NamedTuple):
    """What is drawn, before it has a place: spots by layer and rank, joins by the numbers of their spots."""

    spots: tuple[_Spot, ...]
    joins: tuple[_Join, ...]


def columns(found: Relations) -> Drawing:
    """One column a layer, from address to holding; a box is as high as the lines that arrive at it need."""
    graph = _reduced(found)
    used = sorted({spot.layer for spot in graph.spots})
    if not used:
        return Drawing(_WIDE, 0, (), (), ())
    width = min(_MAXIMUM_WIDTH, (_WIDE - _GAP_X * (len(used) - 1)) // len(used))
    gap = (_WIDE - width * len(used)) // max(len(used) - 1, 1)
    arriving: dict[int, list[int]] = {}
    for number, join in enumerate(graph.joins):
        arriving.setdefault(join.b, []).append(number)
    boxes: dict[int, Box] = {}
    for place, layer in enumerate(used):
        y = _TOP
        for index in _column(graph, layer):
            lines = _words(graph.spots[index], int((width - _PADDING - 10) / _LETTER))
            height = max(len(lines) * _LINE + _PADDING, len(arriving.get(index, ())) * _PORT + 4)
            boxes[index] = _box(graph.spots[index], (place * (width + gap), y, width, height), lines)
            y += height + _GAP_Y
    heads = tuple(
        Head(place * (width + gap), 14, text)
        for place, layer in enumerate(used)
        for text in [shortened(LAYERS[layer], int((width + gap - 6) / _LETTER))]
    )
    return Drawing(
        _WIDE,
        max(box.y + box.height for box in boxes.values()) + 8,
        heads,
        tuple(boxes[index] for index in sorted(boxes)),
        tuple(_across(graph, arriving, boxes)),
    )


def rows(found: Relations) -> Drawing:
    """Every box in one list under its layer, the moves as arcs beside it."""
    graph = _reduced(found)
    boxes: dict[int, Box] = {}
    heads = []
    y, layer = 0, -1
    width = _NARROW - _GUTTER
    for index, spot in enumerate(graph.spots):
        if spot.layer != layer:
            layer = spot.layer
            heads.append(Head(0, y + 18, LAYERS[layer]))
            y += 26
        lines = _words(spot, int((width - _PADDING - 10) / _NARROW_LETTER))[:2]
        boxes[index] = _box(spot, (0, y, width, _ROW - 6), lines)
        y += _ROW
    return Drawing(_NARROW, y, tuple(heads), tuple(boxes.values()), tuple(_arcs(graph, boxes)))


def _reduced(found: Relations) -> _Graph:
    """The nodes drawn and the rest of each layer as one; moves to what is not drawn lead to the rest."""
    spots: list[_Spot] = []
    of_node: dict[int, int] = {}
    for layer in range(len(LAYERS)):
        nodes = [node for node in found.nodes if node.layer == layer]
        drawn = nodes if len(nodes) <= _MOST + 1 else nodes[:_MOST]
        for rank, node in enumerate(drawn):
            of_node[node.number] = len(spots)
            spots.append(_Spot(layer, rank, node, 0))
        if len(nodes) > len(drawn):
            of_node |= dict.fromkeys((node.number for node in nodes[len(drawn) :]), len(spots))
            spots.append(_Spot(layer, len(drawn), None, len(nodes) - len(drawn)))
    between: dict[tuple[int, int], list[Move]] = {}
    for move in found.moves:
        pair = of_node[move.a], of_node[move.b]
        if pair[0] != pair[1]:
            between.setdefault(pair, []).append(move)
    joins = tuple(_join(spots, pair, between[pair]) for pair in sorted(between))
    return _Graph(tuple(spots), joins)


def _join(spots: Sequence[_Spot], pair: tuple[int, int], moves: Sequence[Move]) -> _Join:
    first = min((move.first for move in moves if move.first is not None), default=None)
    findings = {number for move in moves for number in move.findings}
    together = Move(
        0,
        0,
        tuple(sorted(findings)),
        sum(move.records for move in moves),
        sum(move.holdings for move in moves),
        first,
    )
    ends = " to ".join(_title(spots[index]) for index in pair)
    since = f", first {format_time(first)}" if first is not None else ""
    hostile = bool(findings) or together.holdings > 0
    return _Join(*pair, together.number, f"{ends}: {together.label}{since}", hostile)


def _column(graph: _Graph, layer: int) -> list[int]:
    """The spots of a layer from top to bottom: next to what they are joined with, the rest of the layer last."""
    order = {index: float(spot.rank) for index, spot in enumerate(graph.spots)}
    beside: dict[int, list[int]] = {}
    for join in graph.joins:
        beside.setdefault(join.a, []).append(join.b)
        beside.setdefault(join.b, []).append(join.a)
    for _ in range(_SWEEPS):
        for each in range(len(LAYERS)):
            here = [index for index, spot in enumerate(graph.spots) if spot.layer == each]
            mean = {index: _mean(order, beside.get(index, ()), order[index]) for index in here}
            ranked = sorted(here, key=lambda index: (graph.spots[index].node is None, mean[index], index))
            order |= {index: float(rank) for rank, index in enumerate(ranked)}
    here = [index for index, spot in enumerate(graph.spots) if spot.layer == layer]
    return sorted(here, key=lambda index: order[index])


def _mean(order: Mapping[int, float], beside: Sequence[int], otherwise: float) -> float:
    return sum(order[index] for index in beside) / len(beside) if beside else otherwise


def _across(graph: _Graph, arriving: Mapping[int, Sequence[int]], boxes: Mapping[int, Box]) -> list[Line]:
    """Lines that arrive at one box each at a height of its own, in the order of where they come from."""
    lines: dict[int, Line] = {}
    for index, numbers in arriving.items():
        to = boxes[index]
        ordered = sorted(numbers, key=lambda number: (boxes[graph.joins[number].a].y, graph.joins[number].a))
        top = to.y + to.height // 2 - len(ordered) * _PORT // 2
        for port, number in enumerate(ordered):
            join = graph.joins[number]
            start = boxes[join.a]
            y = top + port * _PORT + _PORT // 2
            begin = start.y + start.height // 2
            if start.x < to.x:
                x, end = start.x + start.width, to.x
                path = f"M{x} {begin}C{x + _GAP_X // 2} {begin} {end - _GAP_X} {y} {end} {y}"
            else:  # within one layer: out and back on the right
                x = end = to.x + to.width
                path = f"M{x} {begin}C{x + 50} {begin} {x + 50} {y} {end} {y}"
            label = join.number if start.x < to.x else ""
            lines[number] = Line(path, join.hostile, label, to.x - 10, y - 2, join.title)
    return [lines[number] for number in sorted(lines)]


def _arcs(graph: _Graph, boxes: Mapping[int, Box]) -> list[Line]:
    x = _NARROW - _GUTTER
    lines = []
    for join in graph.joins:
        begin, end = (boxes[index].y + boxes[index].height // 2 for index in (join.a, join.b))
        reach = x + 12 + min(abs(end - begin) * (_GUTTER - 16) // 600, _GUTTER - 16) * 4 // 3
        end += 5 if end > begin else -5
        path = f"M{x} {begin}C{reach} {begin} {reach} {end} {x} {end}"
        lines.append(Line(path, join.hostile, "", 0, 0, join.title))
    return lines


def _box(spot: _Spot, place: tuple[int, int, int, int], lines: tuple[str, ...]) -> Box:
    target = spot.node.number if spot.node is not None else 0
    return Box(*place, spot.hostile, lines, _title(spot), target)


def _title(spot: _Spot) -> str:
    if spot.node is None:
        return f"{spot.more:,} more"
    return f"{spot.node.kind} {spot.node.name}"


def _words(spot: _Spot, letters: int) -> tuple[str, ...]:
    """Lines of so many letters: the name, broken where it may be, and what was reached in it. Three at most, but of a
    token as many as it takes."""
    if spot.node is None:
        return (f"{spot.more:,} more", "in the table below")
    node = spot.node
    name = shown(node.name)
    if "|" in name:  # a host and its logon, a claim and its value: the last part tells two apart
        name = name.rpartition("|")[2] or name
    if node.kind == "session" and len(name) > letters and not TOKEN.search(name):
        name = f"{name[: letters - 7]}\u2026{name[-6:]}"
    lines = _broken(name, letters)
    return (*lines, f"{node.holdings:,} reached") if node.holdings else lines


def _broken(name: str, letters: int) -> tuple[str, ...]:
    """One line, or two broken before a sign that parts names, or two and the rest cut; a token whole, and alone."""
    bare = re.sub(r"^[a-z]+://", "", name)
    if len(bare) <= letters:
        return (bare,)
    if token := TOKEN.search(bare):  # what is around it stands in the title; half of one would be nobody's
        lines = -(-len(token[0]) // letters)
        step = -(-len(token[0]) // lines)
        return tuple(token[0][at : at + step] for at in range(0, len(token[0]), step))
    parts = [found.start() for found in re.finditer(r"[@\\/.|: ]", bare[: letters + 1])]
    words = [found.start() for found in re.finditer("-", bare[: letters + 1])]
    cut = max(parts, default=0) or max(words, default=0) or letters
    if 0 < bare.find("@") <= letters:
        cut = bare.index("@")
    rest = bare[cut:]
    if "://" in name and len(rest) > letters:  # the end of an address tells sites apart, its start does not
        return bare[:cut], "\u2026" + rest[len(rest) - letters + 1 :]
    return bare[:cut], rest if len(rest) <= letters else rest[: letters - 1] + "\u2026"
