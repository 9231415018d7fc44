# What the other scripts share. Source it from the repository's root.

say() { printf '\033[1m%s\033[0m\n' "$*" >&2; }

fail() {
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 1
}

# need COMMAND HINT: stops with the hint when the command is not installed.
need() { command -v "$1" >/dev/null || fail "$1 is not installed. $2"; }

# install_tools NAME: puts what scripts/requirements/NAME.txt lists into .tools/NAME, unless it is there already.
install_tools() {
    local wanted="scripts/requirements/$1.txt" venv=".tools/$1"
    cmp -s "$wanted" "$venv/installed.txt" && return
    need python3 "Python 3.11 or later runs the tools that check and package the template."
    say "Installing $1 into $venv (once)"
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$wanted"
    cp "$wanted" "$venv/installed.txt"
}

need_rust() { need cargo "Install Rust with rustup (https://rustup.rs); rust-toolchain.toml names the version."; }

need_node() { need npm "Install Node.js 20 or later."; }

# debian_packages COMMAND PACKAGE..: installs Debian packages when the command is missing and this is root; else says so.
debian_packages() {
    local command="$1"
    shift
    command -v "$command" >/dev/null && return
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        say "Installing $*"
        apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$@" >/dev/null
    else
        fail "$command is not installed. Run: sudo apt-get install $*"
    fi
}

# Builds the pages when their sources are newer than what was built.
build_pages() {
    [ -d web/node_modules ] && [ web/node_modules -nt web/package-lock.json ] || {
        say "Installing what the pages are built with (once)"
        (cd web && npm ci --silent --no-audit --no-fund && touch node_modules)
    }
    (cd web && npm run --silent build)
}
