"""Limits on the length of product files and functions."""

from statistics import median

from tests.architecture.sources import Function, modules

OURS = [module for module in modules().values() if not module.is_migration]


def length_of(function: Function) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


FILES = {module.name: len(module.text.splitlines()) for module in OURS if module.text}
FUNCTIONS = {f"{module}:{each.lineno} {each.name}": length_of(each) for module in OURS for each in module.functions}


class TestFiles:
    def test_have_at_most_400_lines(self):
        assert {name: length for name, length in FILES.items() if length > 400} == {}

    def test_median_is_below_90_lines(self):
        assert median(FILES.values()) < 90


class TestFunctions:
    def test_have_at_most_50_lines(self):
        assert {name: length for name, length in FUNCTIONS.items() if length > 50} == {}

    def test_median_is_below_8_lines(self):
        assert median(FUNCTIONS.values()) < 8
