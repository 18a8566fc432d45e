"""Small pictures with plain means: drawn at four times their size, scaled down to twice, a few colours, a few kB.

Text in them is digits and Latin letters (the font that travels with Pillow has no others): names of features stand
beside pictures, never in them.
"""

import io
from functools import cache

from PIL import Image, ImageDraw, ImageFont

_DRAWN, _KEPT, _COLOURS = 4, 2, 48
PAPER, INK, QUIET, LINE = "#ffffff", "#1b1f24", "#59636e", "#d8dee4"
# told apart by lightness as well, so also without colour
REFERENCE, CURRENT, GUESS = "#a9b3bd", "#005a9c", "#d55e00"

CELL = (7, 14)

Point = tuple[float, float]


class Canvas:
    """`width` and `height` are what it takes on a page; (0, 0) is the upper left corner."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self._image = Image.new("RGB", (width * _DRAWN, height * _DRAWN), PAPER)
        self._draw = ImageDraw.Draw(self._image)

    def box(self, low: Point, high: Point, colour: str) -> None:
        """From its upper left to its lower right corner; what has any extent can be seen."""
        left, top, right, bottom = (value * _DRAWN for value in (*low, *high))
        if right > left and bottom > top:
            self._draw.rectangle([left, min(top, bottom - 1), max(left, right - 1), bottom - 1], fill=colour)

    def line(self, start: Point, end: Point, colour: str, width: float = 1.0) -> None:
        points = [value * _DRAWN for value in (*start, *end)]
        self._draw.line(points, fill=colour, width=round(width * _DRAWN))

    def dashes(self, start: Point, end: Point, colour: str, dash: float = 4.0) -> None:
        """Horizontal only."""
        x = start[0]
        while x < end[0]:
            self.line((x, start[1]), (min(x + dash, end[0]), end[1]), colour, 1.2)
            x += 2 * dash

    def dot(self, centre: Point, radius: float, colour: str, *, hollow: bool = False) -> None:
        x, y, r = centre[0] * _DRAWN, centre[1] * _DRAWN, radius * _DRAWN
        fill = PAPER if hollow else colour
        self._draw.ellipse([x - r, y - r, x + r, y + r], fill=fill, outline=colour, width=int(1.5 * _DRAWN))

    def text(self, at: Point, text: str, *, colour: str = QUIET, size: int = 11, anchor: str = "la") -> None:
        """`anchor` as Pillow names it: l m r for left, middle, right; a m s for top, middle, baseline."""
        self._draw.text((at[0] * _DRAWN, at[1] * _DRAWN), text, colour, _font(size), anchor)

    def png(self) -> bytes:
        small = self._image.resize((self.width * _KEPT, self.height * _KEPT), Image.Resampling.LANCZOS)
        out = io.BytesIO()
        few = small.quantize(_COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        few.save(out, "PNG", optimize=True)
        return out.getvalue()


def width_of(text: str, size: int = 11) -> float:
    return _font(size).getlength(text) / _DRAWN


def drawable(text: str) -> bool:
    """Whether the font has every letter of it."""
    return all(" " <= letter <= "~" or "\xa1" <= letter <= "\xff" for letter in text)


def strip(colours: list[str]) -> bytes:
    """A row of cells, one a colour; the smallest PNG that says it."""
    wide, tall = CELL
    image = Image.new("P", (len(colours) * wide, tall))
    palette = sorted({*colours, PAPER})
    image.putpalette(bytes.fromhex("".join(colour.removeprefix("#") for colour in palette)))
    draw = ImageDraw.Draw(image)
    draw.rectangle([0, 0, *image.size], fill=palette.index(PAPER))
    for place, colour in enumerate(colours):
        left = place * wide
        draw.rectangle([left, 0, left + wide - 2, tall - 1], fill=palette.index(colour))
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size * _DRAWN)
