#!/usr/bin/env bash
# Kills the real binary between `stellar set` and the delivery of what was set, again and again, before a server on loopback that
# counts what was done to it.
#
#     tests/chaos/changes.sh [ROUNDS]                1,000 by default
#
# STELLAR names the binary; without it target/release/stellar is taken, or built. STELLAR_SEED repeats a run's draws.
# Prints rounds that passed and failed, kills, changes and how long the queue took to drain; exit code 1 if anything failed.
set -euo pipefail
cd "$(dirname "$0")/../.."
binary=${STELLAR:-${CARGO_TARGET_DIR:-target}/release/stellar}
if [ ! -x "$binary" ]; then
    cargo build --release
fi
exec python3 tests/chaos/changes.py "$(realpath "$binary")" "$@"
