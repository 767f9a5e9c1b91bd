#!/usr/bin/env bash
# The one door of the project. Works from a fresh clone: ./build.sh run   ./build.sh test   ./build.sh help
set -euo pipefail
CALLER=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")"
ROOT=$PWD

usage() {
    cat <<'TEXT'
./build.sh COMMAND
  native      build the Rust core and put the library in artifacts/native/<rid>/
  bindings    write bindings/NativeMethods.g.cs again from the exports in native/ffi
  dotnet      native, then every C# project
  run [ARGS]  native, then samples/Mnist with ARGS (--model mlp|cnn --data DIR --device cpu|ndarray|gpu --epochs N ...)
  test        everything: Rust tests, bindings against exports, C# tests; last line: N passed, N failed
  bench       Rust benchmarks, then benchmarks/
  cargo ARGS  Cargo as the other commands call it, for one crate or one test (test --release --workspace NAME)
  lint        rustfmt, clippy, dotnet format, all as errors
  pack        packages in artifacts/packages, natives built with profile dist (--quick: with profile release)
  clean       remove artifacts/ (never Cargo's target folder: the first build takes 13 to 30 minutes)
Environment
  CARGO_TARGET_DIR  where Cargo builds; default ${XDG_CACHE_HOME:-~/.cache}/exburn/target, shared by all clones
  EXBURN_CRATES     a folder of crates with offline.toml; default ../shared/crates when it exists, else crates.io
  EXBURN_REFERENCE  a folder of reference cases for the tests; default tests/fixtures/reference
TEXT
}

say() { printf '\n== %s\n' "$*" >&2; }
fail() { printf 'build.sh: %s\n' "$*" >&2; exit 1; }

# ---------------------------------------------------------------------------------------------------- what is needed
for dir in "${CARGO_HOME:-${HOME:-/root}/.cargo}/bin" "${DOTNET_ROOT:-${HOME:-/root}/.dotnet}"; do
    case ":$PATH:" in *":$dir:"*) ;; *) if [ -d "$dir" ]; then PATH="$PATH:$dir"; fi ;; esac
done
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_CLI_UI_LANGUAGE=en DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/exburn/target}"

at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }   # at_least FOUND WANTED

check_tools() {
    local missing=() found
    for tool in "$@"; do
        case $tool in
            cargo)
                found=$(rustc --version 2>/dev/null | cut -d ' ' -f 2) || found=
                if ! command -v cargo >/dev/null || [ -z "$found" ]; then
                    missing+=("Rust 1.95 or newer (cargo, rustc): https://rustup.rs, then: rustup toolchain install stable")
                elif ! at_least "$found" 1.95.0; then
                    missing+=("Rust 1.95 or newer; found $found: rustup update stable")
                fi ;;
            cc)
                if ! command -v cc >/dev/null && ! command -v gcc >/dev/null && ! command -v clang >/dev/null; then
                    missing+=("a C compiler and linker (cc): apt-get install build-essential | dnf install gcc | xcode-select --install")
                fi ;;
            dotnet)
                found=$(dotnet --version 2>/dev/null | head -n 1) || found=
                if [ -z "$found" ]; then
                    missing+=(".NET SDK 10 (dotnet): https://dot.net/download, or the package dotnet-sdk-10.0 of your system")
                elif ! at_least "$found" 10.0.100; then
                    missing+=(".NET SDK 10; found $found: https://dot.net/download")
                fi ;;
        esac
    done
    if [ ${#missing[@]} -gt 0 ]; then
        printf 'build.sh: missing\n' >&2
        printf '  - %s\n' "${missing[@]}" >&2
        exit 1
    fi
}

# ------------------------------------------------------------------------------------------------------------- native
platform() {
    local os arch
    case $(uname -s) in
        Linux) os=linux; LIBRARY=libexburn.so
               if ldd --version 2>&1 | grep -qi musl; then os=linux-musl; fi ;;
        Darwin) os=osx; LIBRARY=libexburn.dylib ;;
        MINGW*|MSYS*|CYGWIN*) os=win; LIBRARY=exburn.dll ;;
        *) fail "unknown system: $(uname -s)" ;;
    esac
    case $(uname -m) in
        x86_64|amd64) arch=x64 ;;
        aarch64|arm64) arch=arm64 ;;
        *) fail "unknown processor: $(uname -m)" ;;
    esac
    RID=$os-$arch
}

# The crates folder as Cargo shall see it. Cargo hashes the spelling of that path: under another name it would build all of
# Burn again. So every clone gives the folder one name, a link beside the target folder, or the name it was first built under.
stable_crates() {
    local mark=$CARGO_TARGET_DIR/.exburn-crates link name
    link=$(dirname "$CARGO_TARGET_DIR")/crates
    mkdir -p "$CARGO_TARGET_DIR"
    name=$(cat "$mark" 2>/dev/null) || name=
    if [ ! -f "$name/offline.toml" ] || [ "$name" = "$link" ]; then
        name=$link
        ln -sfn "$1" "$link"
    fi
    printf '%s\n' "$name" >"$mark"
    printf '%s\n' "$name"
}

# Cargo with the crates of EXBURN_CRATES. In CI the lock file must fit as it is; elsewhere Cargo may complete it.
run_cargo() {
    local crates=${EXBURN_CRATES:-} locked=()
    if [ "${CI:-}" = true ]; then locked=(--locked); fi
    if [ -z "$crates" ] && [ -f "$ROOT/../shared/crates/offline.toml" ]; then crates=$ROOT/../shared/crates; fi
    if [ -n "$crates" ]; then
        [ -f "$crates/offline.toml" ] || fail "EXBURN_CRATES=$crates holds no offline.toml"
        crates=$(stable_crates "$(cd "$crates" && pwd -P)")
        # After the subcommand: clippy hands only those on.
        cargo "$1" --config "$crates/offline.toml" "${locked[@]}" "${@:2}"
    else
        cargo "$1" "${locked[@]}" "${@:2}"
    fi
}

# Cargo compares time stamps, and clones that share a target folder share its notion of fresh: after another clone has
# built there, our sources must count as changed, or its library would pass for ours.
claim_target() {
    mkdir -p "$CARGO_TARGET_DIR"
    local mark=$CARGO_TARGET_DIR/.exburn-checkout
    if [ "$(cat "$mark" 2>/dev/null)" != "$ROOT" ]; then
        if [ -e "$mark" ]; then find native -name '*.rs' -exec touch {} +; fi
        printf '%s\n' "$ROOT" >"$mark"
    fi
}

# cargo_build PROFILE: Cargo's own progress in a terminal, else a line every 20 seconds.
cargo_build() {
    local args=(build --profile "$1" --workspace) log pid total started=$SECONDS last=0
    claim_target
    if [ ! -e "$CARGO_TARGET_DIR/$1/$LIBRARY" ]; then
        say "First native build: Burn and its GPU compiler take 13 to 30 minutes on two cores, later builds seconds."
    fi
    if [ -t 2 ]; then run_cargo "${args[@]}"; return; fi
    log=$(mktemp); total=$(grep -c '^name = ' Cargo.lock)
    run_cargo "${args[@]}" >"$log" 2>&1 & pid=$!
    while kill -0 "$pid" 2>/dev/null; do
        sleep 1
        if [ $((SECONDS - started - last)) -ge 20 ]; then
            last=$((SECONDS - started))
            printf 'native: %d s, %d crates started (at most %d), now %s\n' "$last" "$(grep -c '^ *Compiling' "$log")" "$total" \
                "$(grep '^ *Compiling' "$log" | tail -n 1 | awk '{print $2, $3}')" >&2
        fi
    done
    if wait "$pid"; then
        grep -A 12 '^warning: .*' "$log" >&2 || true
        tail -n 1 "$log" >&2; rm -f "$log"
    else
        grep -v '^ *\(Compiling\|Downloaded\|Unpacking\) ' "$log" >&2; rm -f "$log"
        return 1
    fi
}

# put_library PROFILE FOLDER: renamed into place, so that a program which has the old one loaded is not harmed.
put_library() {
    local from=$CARGO_TARGET_DIR/$1/$LIBRARY to=$2/$RID/$LIBRARY
    mkdir -p "$2/$RID"
    cmp -s "$from" "$to" || { cp -p "$from" "$to.new" && mv -f "$to.new" "$to"; }
}

bindings_sum() { cat bindings/*.g.cs 2>/dev/null | cksum; }

native() {
    check_tools cargo cc
    platform
    BINDINGS_BEFORE=$(bindings_sum)
    say "Native core ($RID, profile release)"
    cargo_build release && put_library release artifacts/native
}

bindings() {
    say "Bindings"
    native
    if [ "$BINDINGS_BEFORE" = "$(bindings_sum)" ]; then say "bindings/ is up to date"; else say "bindings/ was written again: commit it"; fi
}

# ------------------------------------------------------------------------------------------------------------- dotnet
build_dotnet() {   # build_dotnet PROJECT-OR-SOLUTION [ARGS]
    check_tools dotnet
    dotnet build "$@" -c Release -v quiet -nologo -nodeReuse:false -tl:off 2>&1 |
        { grep -vE '^(Build succeeded\.|    0 (Warning|Error)\(s\)|Time Elapsed .*|)$' >&2 || true; }
}

run_sample() {
    native
    say "samples/Mnist"
    build_dotnet samples/Mnist/Mnist.csproj
    cd "$CALLER"   # so that --data and --save mean what the caller sees
    exec dotnet "$ROOT/artifacts/bin/Mnist/release/Mnist.dll" "$@"
}

bench() {
    local peers=() rust python
    native
    say "Rust benchmarks"
    run_cargo bench --profile release --workspace --benches
    say "C# benchmarks"
    build_dotnet benchmarks/ExBurn.Benchmarks.csproj
    # The newest build of native/core/benches/train_step.rs makes the same steps from Rust.
    rust=$(find "$CARGO_TARGET_DIR/release/deps" -maxdepth 1 -name 'train_step-*' -type f -perm -u+x -printf '%T@ %p\n' | sort -rn | head -n 1 | cut -d ' ' -f 2-)
    if [ -n "$rust" ]; then peers+=(--rust "$rust"); fi
    for python in python3 /usr/bin/python3; do
        if "$python" -c 'import torch' 2>/dev/null; then peers+=(--torch "$python"); break; fi
    done
    dotnet artifacts/bin/ExBurn.Benchmarks/release/ExBurn.Benchmarks.dll "${peers[@]}" "$@"
}

lint() {
    check_tools cargo cc dotnet
    platform
    claim_target
    say "rustfmt"
    cargo fmt --all --check
    say "clippy"
    run_cargo clippy --release --workspace --all-targets -- -D warnings
    say "dotnet build, warnings as errors"
    build_dotnet ExBurnInterop.sln
    say "dotnet format"
    dotnet format ExBurnInterop.sln --verify-no-changes --no-restore --exclude bindings
}

pack() {
    local profile=dist
    if [ "${1:-}" = --quick ]; then profile=release; fi
    check_tools cargo cc dotnet
    platform
    say "Native core ($RID, profile $profile)"
    EXBURN_COMMIT=$(git rev-parse HEAD 2>/dev/null || true)
    export EXBURN_COMMIT
    cargo_build "$profile"
    put_library "$profile" "artifacts/$profile"
    say "Packages"
    dotnet pack ExBurn.Interop/ExBurn.Interop.csproj -c Release -o artifacts/packages -p:ExBurnNativePackDir="$ROOT/artifacts/$profile"
    ls -l artifacts/packages >&2
}

clean() {
    rm -rf artifacts
    find . \( -name bin -o -name obj \) -type d -not -path './.git/*' -not -path './native/*' -prune -exec rm -rf {} +
}

# -------------------------------------------------------------------------------------------------------------- tests
PASSED=0 FAILED=0 SKIPPED=0

# A step that failed without naming a failed test counts as one failure.
add_counts() {   # add_counts NAME STATUS PASSED FAILED SKIPPED
    local failed=$4
    if [ "$2" -ne 0 ] && [ "$failed" -eq 0 ]; then failed=1; fi
    printf '%s: %d passed, %d failed, %d skipped\n' "$1" "$3" "$failed" "$5" >&2
    PASSED=$((PASSED + $3)) FAILED=$((FAILED + failed)) SKIPPED=$((SKIPPED + $5))
}

test_rust() {
    local log status=0
    say "Rust tests"
    log=$(mktemp)
    run_cargo test --release --workspace --no-fail-fast 2>&1 | grep --line-buffered -v '^ *Compiling ' | tee "$log" >&2 || status=${PIPESTATUS[0]}
    # shellcheck disable=SC2046
    add_counts "Rust" "$status" $(awk '/^test result:/ { for (i = 2; i <= NF; i++) { if ($i ~ /^passed/) p += $(i-1); if ($i ~ /^failed/) f += $(i-1); if ($i ~ /^ignored/) s += $(i-1) } } END { print p + 0, f + 0, s + 0 }' "$log")
    rm -f "$log"
}

test_bindings() {
    local status=0
    say "Bindings against exports"
    # The native build writes bindings/ again where the exports differ from it.
    if [ "$BINDINGS_BEFORE" != "$(bindings_sum)" ]; then
        printf 'bindings/ did not match the exports of native/ffi. It does now: commit it.\n' >&2
        status=1
    fi
    add_counts "Bindings" "$status" $((1 - status)) "$status" 0
}

test_dotnet() {
    local project name log status
    say "C# projects"
    build_dotnet ExBurnInterop.sln || { add_counts "C# build" 1 0 1 0; return; }
    for project in tests/*.Tests/*.csproj; do
        name=$(basename "$project" .csproj); status=0; log=$(mktemp)
        say "$name"
        dotnet test "$project" -c Release --no-build --nologo --blame-hang --blame-hang-timeout 15m --blame-hang-dump-type none \
            --results-directory "artifacts/test-results/$name" 2>&1 | tee "$log" >&2 || status=${PIPESTATUS[0]}
        # xunit only prints it when a class cannot clean up after itself, and calls the run passed.
        if grep -q 'Cleanup Failure' "$log"; then status=1; fi
        # shellcheck disable=SC2046
        add_counts "$name" "$status" $(sed -n 's/^.*! *- Failed: *\([0-9]*\), Passed: *\([0-9]*\), Skipped: *\([0-9]*\),.*/\2 \1 \3/p' "$log" |
            awk '{ p += $1; f += $2; s += $3 } END { print p + 0, f + 0, s + 0 }')
        rm -f "$log"
    done
}

run_tests() {
    check_tools cargo cc dotnet
    if native; then
        test_rust
        test_bindings
        test_dotnet
    else
        add_counts "Native build" 1 0 1 0
    fi
    local line="$PASSED passed, $FAILED failed"
    if [ "$SKIPPED" -gt 0 ]; then line="$line, $SKIPPED skipped"; fi
    say "All tests"
    printf '%s\n' "$line"
    [ "$FAILED" -eq 0 ] && [ "$PASSED" -gt 0 ]
}

command=${1:-help}
if [ $# -gt 0 ]; then shift; fi
case $command in
    native) native ;;
    bindings) bindings ;;
    dotnet) native; say "C# projects"; build_dotnet ExBurnInterop.sln ;;
    run) run_sample "$@" ;;
    test) run_tests ;;
    bench) bench "$@" ;;
    cargo) check_tools cargo cc; claim_target; run_cargo "$@" ;;
    lint) lint ;;
    pack) pack "$@" ;;
    clean) clean ;;
    help|-h|--help) usage ;;
    *) usage >&2; fail "unknown command: $command" ;;
esac
