from bench.peers.settings import *  # noqa: F403 - the settings that all peers share

ROOT_URLCONF = "bench.peers.bare.urls"
