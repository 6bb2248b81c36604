"""Files and functions that fit the head. Tests and migrations may be as long as they need."""

from statistics import median

from tests.architecture.sources import Function, modules

OURS = [module for module in modules().values() if not module.is_migration]


def length_of(function: Function) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


FILES = {module.name: len(module.text.splitlines()) for module in OURS if module.text}
FUNCTIONS = {f"{module}:{each.lineno} {each.name}": length_of(each) for module in OURS for each in module.functions}


class TestFiles:
    def test_stay_within_400_lines(self):
        assert {name: length for name, length in FILES.items() if length > 400} == {}

    def test_have_fewer_than_90_as_a_rule(self):
        assert median(FILES.values()) < 90


class TestFunctions:
    def test_stay_within_50_lines(self):
        assert {name: length for name, length in FUNCTIONS.items() if length > 50} == {}

    def test_have_fewer_than_8_as_a_rule(self):
        assert median(FUNCTIONS.values()) < 8
