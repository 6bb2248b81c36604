"""Import rules: packages in one order, a domain without HTTP, dialects independent of each other."""

import re
from collections.abc import Callable, Iterable

from tests.architecture.sources import PACKAGES, ROOT, Module, everything_imported_by, is_within, modules

HTTP = ("rest_framework", "drf_spectacular", "django.http", "django.shortcuts", "django.urls", "django.views")
HTTP += tuple(f"rest_framework_simplejwt.{part}" for part in ("authentication", "serializers", "views"))
# Folders that may speak HTTP. Everything else is the domain.
API = re.compile(r"^\w+\.api(\.|$)")
DIALECT = re.compile(r"^\w+\.api\.(v1|panel|admin_tokens|edge)(\.|$)")
HTTP_PACKAGES = {"web", "config"}
CONSOLE = re.compile(r"^\w+\.admin(\.|$)")
DIALECT_PARTS = {
    "__init__",
    "descriptions",
    "filters",
    "serializers",
    "urls",
    "views",
    "wire",
}  # each a file, or a folder of them


def dialect_of(name: str) -> str | None:
    match = DIALECT.match(name)
    return match[1] if match and not name.startswith("core.") else None


ALL = modules().values()
DOMAIN = [
    each for each in ALL if each.package not in HTTP_PACKAGES and not (API.match(each.name) or CONSOLE.match(each.name))
]
DIALECTS = [each for each in ALL if dialect_of(each.name)]


def offenders(asked: Iterable[Module], wrong: Callable[[Module], set[str]]) -> dict[str, set[str]]:
    return {module.name: wrong(module) for module in asked if wrong(module)}


def spoken(names: Iterable[str]) -> set[str]:
    return {name for name in names if any(is_within(name, each) for each in HTTP)}


class TestPackageOrder:
    def test_contains_every_package(self):
        packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
        assert packages - {"tests", "bench"} == set(PACKAGES)

    def test_container_image_contains_every_package(self):
        kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
        assert set(PACKAGES) - kept == set()

    def test_imports_point_to_earlier_packages_only(self):
        def to_the_right(module: Module) -> set[str]:
            unknown = {*PACKAGES[PACKAGES.index(module.package) + 1 :], "tests", "bench"}
            return {name for name in module.imports if name.partition(".")[0] in unknown}

        assert offenders(ALL, to_the_right) == {}


class TestDomain:
    def test_imports_no_http_framework(self):
        assert offenders(DOMAIN, lambda module: spoken(everything_imported_by(module))) == {}

    def test_imports_no_dialect(self):
        assert offenders(DOMAIN, lambda module: {name for name in module.imports if API.match(name)}) == {}

    def test_imports_no_console(self):
        assert offenders(DOMAIN, lambda module: {name for name in module.imports if CONSOLE.match(name)}) == {}

    def test_contains_the_modules_named_by_the_architecture(self):
        """The rules would hold trivially if these modules were not checked."""
        named = {"core.access", "core.ids", "core.models", "core.crypto", "accounts.tokens", "accounts.keyring"}
        named |= {"accounts.access_tokens"}
        named |= {"accounts.models.users", "accounts.operations.sign_in", "accounts.queries", "accounts.signals"}
        named |= {
            "sessions_app.models",
            "sessions_app.operations.scope_revocation",
            "sessions_app.session_check",
            "sessions_app.demo.history",
        }
        named |= {"sessions_app.receivers", "sessions_app.refresh_tokens", "sessions_app.devices", "sessions_app.jobs"}
        named |= {"tenancy.models", "tenancy.operations", "audit.models", "audit.operations", "audit.queries"}
        assert named <= {module.name for module in DOMAIN}


class TestDialect:
    def test_imports_no_other_dialect(self):
        def known(module: Module) -> set[str]:
            return {name for name in module.imports if dialect_of(name) not in (None, dialect_of(module.name))}

        assert offenders(DIALECTS, known) == {}

    def test_has_files_of_the_common_names_only(self):
        folders = {parent for module in DIALECTS for parent in module.path.parents if parent.parent.name == "api"}
        assert {path.stem for folder in folders for path in folder.iterdir()} - {"__pycache__"} <= DIALECT_PARTS

    def test_modules_of_dialects_are_found(self):
        assert {"accounts.api.v1.views.mine", "sessions_app.api.v1.wire"} <= {module.name for module in DIALECTS}
