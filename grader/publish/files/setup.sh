#!/usr/bin/env bash
# Gradescope runs this once, as root, to build the container image: Python, the pinned packages and
# bubblewrap. At the end it marks the reference solution, so that a broken image is never built.
set -euo pipefail
root="${AUTOGRADER_ROOT:-/autograder}"
source="$root/source"
venv="$root/venv"
export DEBIAN_FRONTEND=noninteractive
export PIP_NO_INPUT=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1

# Find a released Python, 3.11 or newer, that can create environments; first 3.11, with which
# constraints.txt was tested.
find_python() {
    local name
    for name in python3.11 /opt/python/*/bin/python3.11 python3 python3.12 python3.13; do
        if "$name" -c '
import sys, ensurepip, venv
sys.exit(sys.version_info < (3, 11) or sys.version_info.releaselevel != "final")' 2>/dev/null; then
            echo "$name"
            return
        fi
    done
    return 1
}

if ! find_python >/dev/null || ! command -v bwrap >/dev/null; then
    apt-get update -q
fi
find_python >/dev/null || apt-get install -q -y --no-install-recommends python3 python3-venv || true
if ! find_python >/dev/null; then
    # Ubuntu 22.04 has Python 3.10 and a release candidate of 3.11, in which torch's optimizers fail
    echo "downloading Python 3.11"
    {
        python3 -m venv /opt/uv &&
            /opt/uv/bin/python -m pip install -q uv==0.13.8 &&
            /opt/uv/bin/uv python install --no-bin --install-dir /opt/python 3.11
    } || true
fi
python=$(find_python) || {
    echo "error: no Python 3.11 or newer, and the download failed: choose another base image" >&2
    exit 1
}
# Where bubblewrap cannot be installed or start, as in most containers, the sandbox level "user" is
# used instead.
command -v bwrap >/dev/null || apt-get install -q -y --no-install-recommends bubblewrap ||
    echo "bubblewrap cannot be installed; continuing without it"

"$python" -m venv "$venv"
if [ -e "$source/requirements-torch.txt" ]; then
    "$venv/bin/python" -m pip install -q --no-deps -c "$source/constraints.txt" \
        -r "$source/requirements-torch.txt"
fi
"$venv/bin/python" -m pip install -q -c "$source/constraints.txt" -r "$source/requirements.txt"

"$venv/bin/python" -I -X utf8 "$source/grader/__main__.py" autograder --rehearse "$root"
