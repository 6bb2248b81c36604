"""docs/commands.md documents every command, option and exit code."""

import re
import shlex
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class
from django.core.management.base import BaseCommand

from sessions_app.management import base
from tests.world import World

LINE = re.compile(r"python manage\.py ([a-z_]+)([^`\n|]*)")
SHELL = re.compile(r'^python manage\.py shell -v 0 -c "\n(.+?)"$', re.MULTILINE | re.DOTALL)
OURS = sorted(name for name, app in get_commands().items() if app in ("accounts", "audit", "sessions_app"))
each_command = pytest.mark.parametrize("command", OURS)


def options_of(command: str) -> set[str]:
    """Its own ones, without those that every command has."""
    everybodys = set(BaseCommand().create_parser("manage.py", "any")._option_string_actions)
    parser = load_command_class(get_commands()[command], command).create_parser("manage.py", command)
    return {option for option in parser._option_string_actions if option not in everybodys}


@pytest.fixture
def page(project: Path) -> str:
    return (project / "docs/commands.md").read_text()


def section(page: str, command: str) -> str:
    found = re.search(rf"^## {command}$(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    assert found, f"{command} has no section"
    return found[1]


@each_command
def test_every_option_is_documented_and_no_other(command: str, page: str):
    told = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", section(page, command)))
    assert told == options_of(command)


@each_command
def test_every_command_has_a_documented_example(command: str, page: str):
    assert f"$ python manage.py {command}" in section(page, command)


@each_command
def test_every_command_and_option_has_a_help_text(command: str):
    parser = load_command_class(get_commands()[command], command).create_parser("manage.py", command)
    assert "usage: manage.py" in parser.format_help()
    assert all(action.help for action in parser._actions if action.option_strings)


def test_documented_exit_codes_are_those_of_the_code(page: str):
    codes = {int(code) for code in re.findall(r"^\| (\d+) \|", page, re.MULTILINE)}
    assert codes == {0, base.NOTHING_MATCHED, base.USAGE, base.DECLINED, base.INTERRUPTED, 141}


def documents(project: Path) -> list[str]:
    return [path.read_text() for path in (*project.glob("*.md"), *(project / "docs").rglob("*.md"))]


def test_every_documented_command_line_can_be_parsed(project: Path):
    lines = {found for text in documents(project) for found in LINE.findall(text) if found[0] in OURS}
    assert {command for command, _ in lines} == set(OURS)
    for command, arguments in lines:
        parser = load_command_class(get_commands()[command], command).create_parser("manage.py", command)
        parser.parse_args(shlex.split(arguments, comments=True))


def test_every_documented_shell_recipe_runs(world: World, project: Path):
    world.make_service("demo-service", [])
    recipes = [recipe for text in documents(project) for recipe in SHELL.findall(text)]
    assert len(recipes) == 2
    for recipe in recipes:
        exec(compile(recipe, "a recipe", "exec"), {})
