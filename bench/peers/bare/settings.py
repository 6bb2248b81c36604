from bench.peers.settings import *  # noqa: F403 - what all have in common

ROOT_URLCONF = "bench.peers.bare.urls"
