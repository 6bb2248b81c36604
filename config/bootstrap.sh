#!/bin/sh
# Make a virtual environment and put pinned requirements into it: .venv and the development ones, by default.
# The stamp is written last, so that an interrupted run is repeated.
set -eu
venv=${1:-.venv}
requirements=${2:-requirements-dev.txt}

for python in python3 python3.11 python3.12 python3.13 python3.14 none; do
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break
done
if [ "$python" = none ]; then
  echo "Curfew needs Python 3.11 or newer, and none was found on PATH." >&2
  exit 1
fi

install() {
  "$@" install --quiet --disable-pip-version-check --require-hashes --requirement "$requirements"
  touch "$venv/ready"
}

fetch_pip() {
  cd "$1"
  apt-get download python3-pip-whl || {
    # The system has no package lists. Ours need no rights.
    mkdir -p lists/partial archives/partial
    own="-o Dir::State=$1 -o Dir::Cache=$1"
    apt-get $own update && apt-get $own download python3-pip-whl
  }
  dpkg -x python3-pip-whl_*.deb .
}

echo "Setting up $venv; this takes a few minutes the first time."
rm -f "$venv/ready"
if "$python" -c 'import ensurepip' 2>/dev/null; then
  "$python" -m venv --clear "$venv"
  install "$venv/bin/python" -m pip
  exit
fi

# Debian keeps ensurepip in python3-venv. Without it, any pip can install into an environment that has none.
"$python" -m venv --clear --without-pip "$venv"
if "$python" -m pip --version >/dev/null 2>&1; then
  install "$python" -m pip --python "$venv/bin/python"
  exit
fi

wheels=$(mktemp -d)
trap 'rm -rf "$wheels"' EXIT
if (fetch_pip "$wheels") >"$wheels/log" 2>&1; then
  install env PYTHONPATH="$(ls "$wheels"/usr/share/python-wheels/pip-*.whl)" "$venv/bin/python" -m pip
  exit
fi
tail -n 3 "$wheels/log" >&2
echo "Python's venv module is incomplete here. Install it (apt-get install python3-venv) and try again." >&2
exit 1
