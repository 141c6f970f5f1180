#!/usr/bin/env bash
# Attacks the real binary and its real files, again and again: kill -9, a full disk, flipped bits, cut files.
#
#     tests/chaos/resilience.sh [SECONDS]            ten minutes by default
#     tests/chaos/resilience.sh --count KIND=N ...   so many trials of each: kill, full, flip, cut; compact, rekey, snapshot where
#                                                    file systems may be mounted
#     tests/chaos/resilience.sh --all                1,000 of kill, 500 of flip and cut, 200 of full, 100 of the rest
#
# STELLAR names the binary; without it target/release/stellar is taken, or built. STELLAR_SEED repeats a run's draws. STELLAR_FACTS says how
# many facts there are, 200 by default.
# Prints passes, failures and the worst recovery; exit code 1 if anything failed.
set -euo pipefail
cd "$(dirname "$0")/../.."
binary=${STELLAR:-${CARGO_TARGET_DIR:-target}/release/stellar}
if [ ! -x "$binary" ]; then
    cargo build --release
fi
binary=$(realpath "$binary")
# A file system of its own for the full disk, where that is permitted; else the trial limits the size of files.
if [ "${STELLAR_MOUNTS:-}" = "" ] && unshare --mount --map-root-user true 2>/dev/null; then
    STELLAR_MOUNTS=yes exec unshare --mount --map-root-user env STELLAR_MOUNTS=yes python3 tests/chaos/resilience.py "$binary" "$@"
fi
STELLAR_MOUNTS=${STELLAR_MOUNTS:-no} exec python3 tests/chaos/resilience.py "$binary" "$@"
