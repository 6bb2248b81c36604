"""Reads the permission matrix: a row per endpoint, a column per caller, a status code in each cell."""

import csv
import re
from dataclasses import dataclass
from pathlib import Path

COLUMNS = ("AN", "PU", "TA=", "TA≠", "PA=", "PA≠", "SA", "SR", "SW", "S0", "SUS", "REV")
OWN, NOTHING = "200f", "200\N{EMPTY SET}"
NO_SUCH_CELL = "\N{EN DASH}"


@dataclass(frozen=True)
class Row:
    method: str
    path: str
    codes: dict[str, str]

    @property
    def is_public(self) -> bool:
        return self.codes["AN"] != "401"

    @property
    def is_administrative(self) -> bool:
        """About other people's things, and not about the caller's own."""
        return self.path.startswith(("/api/v1/admin/", "/api/v1/tenants/"))

    @property
    def lists(self) -> bool:
        """Asked about others, it shows nothing of them, and does not say that there is anything."""
        return NOTHING in self.codes.values()

    @property
    def names(self) -> list[str]:
        return re.findall(r"\{(\w+)\}", self.path)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True)
class Cell:
    row: Row
    column: str

    @property
    def code(self) -> str:
        return self.row.codes[self.column]

    @property
    def is_denied(self) -> bool:
        return not self.code.startswith("2")

    def __str__(self) -> str:
        return f"{self.row} as {self.column}"


def rows() -> list[Row]:
    with Path(__file__).with_name("permission_matrix.csv").open(newline="", encoding="utf-8") as file:
        return [
            Row(line["method"], line["path"], {column: line[column] for column in COLUMNS})
            for line in csv.DictReader(file)
        ]


def matrix_cells() -> list[Cell]:
    return [Cell(row, column) for row in rows() for column in COLUMNS if row.codes[column] != NO_SUCH_CELL]
