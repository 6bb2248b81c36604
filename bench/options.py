"""Command-line options of the bench."""

import argparse
from dataclasses import dataclass
from pathlib import Path

MINIMUM_ROWS = 10_000


@dataclass(frozen=True)
class Options:
    rows: int
    rounds: int
    rounds_of_load: int
    seconds: float
    seconds_of_route: float
    with_peers: bool
    into: Path

    @classmethod
    def read(cls, arguments: list[str]) -> "Options":
        parser = argparse.ArgumentParser(prog="make bench", description="Measure every performance goal.")
        parser.add_argument(
            "rows", nargs="?", type=number_of_rows, default=1_000_000, help="live sessions of the largest tenant"
        )
        parser.add_argument("--rounds", type=int, default=15, help="rounds of reads and of revocations")
        parser.add_argument("--rounds-of-load", type=int, default=5, help="rounds of requests to each server")
        parser.add_argument("--seconds", type=float, default=3, help="duration of a round for one server")
        parser.add_argument("--seconds-of-route", type=float, default=2, help="duration of one route's measurement")
        parser.add_argument(
            "--without-peers",
            dest="with_peers",
            action="store_false",
            help="measure the product only, not the other projects",
        )
        parser.add_argument("--into", type=Path, default=Path(__file__).parent, help="folder of the results")
        return cls(**vars(parser.parse_args(arguments)))


def number_of_rows(text: str) -> int:
    rows = int(text.replace("_", "").replace(",", ""))
    if rows < MINIMUM_ROWS or rows % 10:
        raise argparse.ArgumentTypeError(f"must be a multiple of 10, and at least {MINIMUM_ROWS:,}")
    return rows
