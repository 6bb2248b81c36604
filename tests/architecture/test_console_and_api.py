"""The console and v1 are two thin layers over the same serializers and operations; neither calls the other."""

import ast
from collections.abc import Iterator

from tests.architecture.sources import Module, modules_of
from web.console.resources import RESOURCES

WEB = modules_of("web")
REQUESTS = {"APIRequestFactory", "HttpRequest", "QueryDict", "Request", "RequestFactory", "WSGIRequest"}
METHODS = {"as_view", "check_throttles", "dispatch", "initialize_request"}  # of a view that a request is made for


def calls(module: Module) -> Iterator[ast.Call]:
    return (node for node in ast.walk(module.tree) if isinstance(node, ast.Call))


def is_view_or_request(call: ast.Call) -> bool:
    match call.func:
        case ast.Name(id=name) if name in REQUESTS or name.endswith("ViewSet"):
            return True
        case ast.Attribute(attr=name) if name in METHODS or name in REQUESTS or name.endswith("ViewSet"):
            return True
        case ast.Subscript(value=ast.Name(id="RESOURCES")):
            return True
    return False


def offences(module: Module) -> list[str]:
    return [ast.unparse(call) for call in calls(module) if is_view_or_request(call)]


def test_web_instantiates_no_view_set_and_no_request():
    assert {module.name: offences(module) for module in WEB if offences(module)} == {}


def test_web_knows_the_view_sets_of_resources_in_one_module():
    names = {view.__name__ for view in RESOURCES.values()}
    importers = {
        module.name
        for module in WEB
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ImportFrom) and names & {alias.name for alias in node.names}
    }
    assert importers == {"web.console.resources"}


def test_rule_finds_what_it_forbids():
    source = "RESOURCES[model](); UserViewSet(); views.UserViewSet.as_view({}); HttpRequest(); django.http.QueryDict()"
    assert (
        sum(map(is_view_or_request, (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)))) == 5
    )
