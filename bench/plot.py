"""An SVG plot of database time by tenant size, both on logarithmic axes: a level line is a constant cost."""

from collections.abc import Iterator, Mapping
from html import escape
from math import ceil, floor, log10

from bench.figures import LIST, REVOKE_ALL, STATS, UPDATE, Figures
from bench.goals import format_size

WIDTH, HEIGHT = 800, 420
LEFT, RIGHT, TOP, BOTTOM = 80, 560, 60, 360
LABEL_HEIGHT = 18
LINES = {
    LIST: ("first page of a list", "list"),
    STATS: ("stats", "stats"),
    REVOKE_ALL: ("revoke-all", "revoke"),
    UPDATE: ("UPDATE of every row", "update"),
}
STYLE = """
  text { font: 14px system-ui, sans-serif; fill: #24292f }
  .paper { fill: #ffffff } .grid { stroke: #d0d7de; stroke-width: 1 } .small { font-size: 12px; fill: #57606a }
  .title { font-size: 16px; font-weight: 600 }
  polyline { fill: none; stroke-width: 2.5; stroke-linejoin: round }
  polyline.list { stroke: #0969da } circle.list, text.list { fill: #0969da }
  polyline.stats { stroke: #1a7f37 } circle.stats, text.stats { fill: #1a7f37 }
  polyline.revoke { stroke: #cf222e } circle.revoke, text.revoke { fill: #cf222e }
  polyline.update { stroke: #6e7781; stroke-dasharray: 6 5 } circle.update, text.update { fill: #6e7781 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .paper { fill: #0d1117 } .grid { stroke: #30363d } .small { fill: #9198a1 }
    polyline.list { stroke: #4493f8 } circle.list, text.list { fill: #4493f8 }
    polyline.stats { stroke: #3fb950 } circle.stats, text.stats { fill: #3fb950 }
    polyline.revoke { stroke: #f85149 } circle.revoke, text.revoke { fill: #f85149 }
    polyline.update { stroke: #9198a1 } circle.update, text.update { fill: #9198a1 }
  }
"""


class Scale:
    """A logarithmic axis: maps a number to a coordinate."""

    def __init__(self, lowest: float, highest: float, start: float, end: float) -> None:
        self.first, self.last = floor(log10(lowest)), max(ceil(log10(highest)), floor(log10(lowest)) + 1)
        self.start, self.end = start, end

    def __call__(self, number: float) -> float:
        share = (log10(number) - self.first) / (self.last - self.first)
        return round(self.start + share * (self.end - self.start), 1)

    @property
    def decades(self) -> list[float]:
        return [10.0**power for power in range(self.first, self.last + 1)]


def render(figures: Figures) -> str:
    lines = {name: from_size(figures.small, figures.times[name]) for name in LINES}
    times = [time for line in lines.values() for time in line.values()]
    across = Scale(figures.small, figures.largest, LEFT, RIGHT)
    up = Scale(min(times), max(times), BOTTOM, TOP)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
            "<title>Milliseconds in the database, by the number of live sessions in a tenant</title>",
            f"<style>{STYLE}</style>",
            f'<rect class="paper" width="{WIDTH}" height="{HEIGHT}" rx="8"/>',
            f'<text class="title" x="{LEFT}" y="30">Time in the database, by live sessions in the tenant</text>',
            *axes(across, up),
            *(part for name, line in lines.items() for part in curve(line, LINES[name][1], across, up)),
            *labels({name: line for name, line in lines.items() if line}, across, up),
            "</svg>\n",
        ]
    )


def from_size(smallest: int, times: Mapping[int, float]) -> dict[int, float]:
    return {size: time for size, time in sorted(times.items()) if size >= smallest}


def axes(across: Scale, up: Scale) -> Iterator[str]:
    for size in across.decades:
        x, label = across(size), format_size(int(size))
        yield f'<line class="grid" x1="{x}" y1="{TOP}" x2="{x}" y2="{BOTTOM}"/>'
        yield f'<text class="small" x="{x}" y="{BOTTOM + 22}" text-anchor="middle">{label}</text>'
    for time in up.decades:
        yield f'<line class="grid" x1="{LEFT}" y1="{up(time)}" x2="{RIGHT}" y2="{up(time)}"/>'
        yield f'<text class="small" x="{LEFT - 10}" y="{up(time) + 4}" text-anchor="end">{duration(time)}</text>'


def curve(line: Mapping[int, float], kind: str, across: Scale, up: Scale) -> Iterator[str]:
    points = [(across(size), up(time)) for size, time in line.items()]
    yield f'<polyline class="{kind}" points="{" ".join(f"{x},{y}" for x, y in points)}"/>'
    yield from (f'<circle class="{kind}" cx="{x}" cy="{y}" r="3.5"/>' for x, y in points)


def labels(lines: Mapping[str, Mapping[int, float]], across: Scale, up: Scale) -> Iterator[str]:
    """Yield a label for each line: to the right of its end without overlap, or above a line that ends earlier."""
    lowest, end = float("-inf"), max(across(max(line)) for line in lines.values())
    for y, x, name in sorted((up(line[max(line)]), across(max(line)), name) for name, line in lines.items()):
        lowest = max(y, lowest + LABEL_HEIGHT)
        label, kind = LINES[name]
        last = duration(lines[name][max(lines[name])])
        position = f'x="{x + 12}" y="{lowest + 5}"' if x == end else f'x="{x - 12}" y="{y - 5}" text-anchor="end"'
        yield f'<text class="{kind}" {position}>{escape(label)}: {last}</text>'


def duration(milliseconds: float) -> str:
    if milliseconds >= 1000:
        return f"{milliseconds / 1000:.3g} s"
    return f"{milliseconds:.2g} ms" if milliseconds < 100 else f"{milliseconds:.0f} ms"
