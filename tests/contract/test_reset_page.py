"""The password reset page works without JavaScript, explains errors beside the field, and loads nothing external."""

from accounts import operations as accounts
from tests.cells import cells
from tests.world import PASSWORD, SYSTEM, World

PAGE, NEW = "/reset-password", "an entirely new password"
ENCODINGS = [
    *(
        "utf-7",
        "hex",
        "rot13",
        "base64",
        "zlib",
        "idna",
        "punycode",
        "undefined",
        "unicode_escape",
        "utf-16",
        "latin-1",
    ),
    "no-such-thing",
]


def send(world: World, **form: str):
    return world.nobody.http.post(PAGE, form)


def code_for(world: World) -> str:
    return accounts.issue_password_reset(world.ada.user, actor=SYSTEM, by_mail=False).code


def test_form_asks_for_code_and_password(world: World):
    page = world.nobody.http.get(PAGE)
    assert page.status_code == 200
    for field in ('name="code"', 'name="new_password"', 'method="post"'):
        assert field in page.content.decode()
    assert page["Cache-Control"] == "no-store"
    assert page["Content-Security-Policy"].startswith("default-src 'none'")
    assert "http" not in page.content.decode()


def test_valid_code_sets_the_password(world: World):
    page = send(world, code=f" {code_for(world)}\n", new_password=NEW)
    assert (page.status_code, "Your password is set" in page.content.decode()) == (200, True)
    credentials = {"email": world.ada.user.email, "password": NEW}
    assert world.nobody.post("/api/v1/auth/login", credentials).status_code == 200
    assert world.nobody.post("/api/v1/auth/login", credentials | {"password": PASSWORD}).status_code == 401


def test_weak_password_is_explained_and_the_code_kept(world: World):
    code = code_for(world)
    page = send(world, code=code, new_password="short").content.decode()
    assert ("too short" in page, f'value="{code}"' in page, 'short"' in page) == (True, True, False)
    assert send(world, code="x", new_password=NEW).status_code == 422
    assert send(world, code=code, new_password=NEW).status_code == 200


def test_typed_text_is_escaped(world: World):
    assert "<script>" not in send(world, code='"><script>', new_password=NEW).content.decode()


@cells("form", [{}, {"code": ""}, {"new_password": ""}, {"code": "\0", "new_password": "\0" * 9}])
def test_incomplete_form_is_422(form: dict[str, str], world: World):
    assert send(world, **form).status_code == 422


@cells("charset", ENCODINGS)
def test_form_in_another_charset_is_refused(charset: str, world: World):
    form = (
        b'--X\r\nContent-Disposition: form-data; name="code"\r\n\r\n+2AA-\\ud800\r\n'
        b'--X\r\nContent-Disposition: form-data; name="new_password"\r\n\r\n+2AA-\\ud800\r\n--X--\r\n'
    )
    page = world.nobody.http.generic("POST", PAGE, form, f"multipart/form-data; boundary=X; charset={charset}")
    assert (page.status_code, 'name="code"' in page.content.decode()) == (415, True)


@cells("charset", ["utf-8", "UTF-8", '"utf-8"'])
def test_every_spelling_of_utf_8_is_accepted(charset: str, world: World):
    form = f"code={code_for(world)}&new_password={NEW}".encode()
    kind = f"application/x-www-form-urlencoded; charset={charset}"
    assert world.nobody.http.generic("POST", PAGE, form, kind).status_code == 200


@cells(("new", "said"), [("x" * 1025, "no more than 1024"), (f"{NEW}\0", "Null characters"), ("", "may not be blank")])
def test_invalid_password_is_explained_beside_its_field(new: str, said: str, world: World):
    code = code_for(world)
    page = send(world, code=code, new_password=new)
    assert (page.status_code, said in page.content.decode()) == (422, True)
    assert 'id="wrong-password"' in page.content.decode()
    assert send(world, code=code, new_password="x1" * 512).status_code == 200


def test_repeated_wrong_codes_are_throttled_with_429(world: World, settings):
    settings.SIGN_IN_FAILURES_PER_ADDRESS = 2
    pages = [send(world, code="x", new_password=NEW) for _ in range(3)]
    assert [page.status_code for page in pages] == [422, 422, 429]
    assert int(pages[-1]["Retry-After"]) > 0


def test_other_methods_are_405(world: World):
    assert world.nobody.http.put(PAGE).status_code == 405
