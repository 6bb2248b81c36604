"""Browser, operating system and device type of a user agent."""

import time

from sessions_app import demo
from sessions_app.devices import Device, describe
from tests.cells import cells

SAFARI_ON_IPAD = demo.USER_AGENTS[-1]
CHROME_ON_TABLET = (
    "Mozilla/5.0 (Linux; Android 14; SM-X910) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"
)
GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


@cells(
    ("user_agent", "device"),
    [
        (demo.USER_AGENTS[0], Device("Chrome", "Windows", "desktop")),
        (demo.USER_AGENTS[1], Device("Firefox", "Windows", "desktop")),
        (demo.USER_AGENTS[2], Device("Safari", "Mac OS X", "desktop")),
        (demo.USER_AGENTS[3], Device("Firefox", "Linux", "desktop")),
        (demo.USER_AGENTS[4], Device("Mobile Safari", "iOS", "mobile")),
        (demo.USER_AGENTS[5], Device("Chrome Mobile", "Android", "mobile")),
        (SAFARI_ON_IPAD, Device("Mobile Safari", "iOS", "tablet")),
        (CHROME_ON_TABLET, Device("Chrome", "Android", "tablet")),
        (GOOGLEBOT, Device("Googlebot", "", "bot")),
        ("curl/8.5.0", Device("curl", "", "other")),
        ("who knows", Device("", "", "unknown")),
        ("", Device()),
    ],
)
def test_user_agent_is_described_by_browser_os_and_type(user_agent, device):
    assert describe(user_agent) == device


@cells("hostile", ["(" * 512, "Mozilla/5.0 " + "Android " * 62, "A/" + "1." * 250, "; " * 256, "\x00" * 512])
def test_hostile_user_agent_is_parsed_within_20_ms(hostile):
    describe("warm up")
    begun = time.process_time()  # others use this machine as well, and a second look would be at what was remembered
    describe(hostile[:512])
    assert time.process_time() - begun < 0.02
