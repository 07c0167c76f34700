#!/usr/bin/env bash
# Gradescope runs this once, as root, while it builds the container's image: Python, the pinned packages, bubblewrap.
# At the end it marks the model answer, so that an image that cannot mark is never built.
set -euo pipefail
root="${AUTOGRADER_ROOT:-/autograder}"
source="$root/source"
venv="$root/venv"
export DEBIAN_FRONTEND=noninteractive PIP_NO_INPUT=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1

# The first Python that is new enough and can make environments. constraints.txt was tried with 3.11, so that comes first.
find_python() {
    local name
    for name in python3.11 python3 python3.12 python3.13; do
        if "$name" -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$name"
            return
        fi
    done
    return 1
}

if ! find_python >/dev/null || ! command -v bwrap >/dev/null; then
    apt-get update -q
fi
if ! find_python >/dev/null; then
    apt-get install -q -y --no-install-recommends python3.11 python3.11-venv ||
        apt-get install -q -y --no-install-recommends python3 python3-venv || true
fi
python=$(find_python) || {
    echo "error: this image has no Python 3.11 or newer, and its package lists have none: choose another base image" >&2
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
