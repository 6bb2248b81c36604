import argparse
from dataclasses import dataclass
from pathlib import Path

FEWEST = 10_000


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
        parser = argparse.ArgumentParser(prog="make bench", description="Measures every goal of speed.")
        parser.add_argument("rows", nargs="?", type=number_of_rows, default=1_000_000, help="of the largest tenant")
        parser.add_argument("--rounds", type=int, default=15, help="of each statement and each act")
        parser.add_argument("--rounds-of-load", type=int, default=5, help="of each server")
        parser.add_argument("--seconds", type=float, default=3, help="that each server is asked in a round")
        parser.add_argument("--seconds-of-route", type=float, default=2, help="that each route is asked")
        parser.add_argument(
            "--without-peers",
            dest="with_peers",
            action="store_false",
            help="ask nobody but ourselves",
        )
        parser.add_argument("--into", type=Path, default=Path(__file__).parent, help="the folder of the results")
        return cls(**vars(parser.parse_args(arguments)))


def number_of_rows(text: str) -> int:
    rows = int(text.replace("_", "").replace(",", ""))
    if rows < FEWEST or rows % 10:
        raise argparse.ArgumentTypeError(f"a multiple of 10, and at least {FEWEST:,}")
    return rows
