#!/usr/bin/env bash
# Gradescope runs this once, as root, while it builds the container's image: Python, the pinned packages, bubblewrap.
# At the end it marks the model answer, so that an image that cannot mark is never built.
set -euo pipefail
root="${AUTOGRADER_ROOT:-/autograder}"
source="$root/source"
venv="$root/venv"
export DEBIAN_FRONTEND=noninteractive PIP_NO_INPUT=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1

# A Python that is new enough, released, and can make environments. constraints.txt was tried with 3.11: that comes first.
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
    # Ubuntu 22.04 has Python 3.10, and of 3.11 only a release candidate, which torch's optimizers cannot do with
    echo "fetching Python 3.11"
    {
        python3 -m venv /opt/uv &&
            /opt/uv/bin/python -m pip install -q uv==0.13.8 &&
            /opt/uv/bin/uv python install --no-bin --install-dir /opt/python 3.11
    } || true
fi
python=$(find_python) || {
    echo "error: there is no Python 3.11 or newer here, and none could be fetched: choose another base image" >&2
    exit 1
}
# Where bubblewrap cannot be had or cannot start, as in most containers, the sandbox's level "user" takes its place.
command -v bwrap >/dev/null || apt-get install -q -y --no-install-recommends bubblewrap ||
    echo "bubblewrap cannot be installed; going on without it"

"$python" -m venv "$venv"
if [ -e "$source/requirements-torch.txt" ]; then
    "$venv/bin/python" -m pip install -q --no-deps -c "$source/constraints.txt" -r "$source/requirements-torch.txt"
fi
"$venv/bin/python" -m pip install -q -c "$source/constraints.txt" -r "$source/requirements.txt"

"$venv/bin/python" -I -X utf8 "$source/grader/__main__.py" autograder --rehearse "$root"
