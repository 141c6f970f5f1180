"""The trials of resilience.sh. Each starts from a whole cache, injects one fault, and judges what the next processes say.

A trial passes when no panic reaches the user, no value is one the source never said or older than what was acknowledged, whatever is
missing is said, and the store is whole again afterwards. The first read after the fault shall be answered within three seconds; one that is
not is counted as late, and the trial goes on. Beside the time of that read stands what it took of a processor: what else the machine does
makes the one longer and not the other.
"""

import json, os, random, resource, shutil, signal, subprocess, sys, tempfile, time
from pathlib import Path

FACTS = int(os.environ.get("STELLAR_FACTS", 200))
BOUND = 3.0
BINARY = sys.argv[1]
MOUNTS = os.environ.get("STELLAR_MOUNTS") == "yes"
SEED = int(os.environ.get("STELLAR_SEED", random.SystemRandom().randrange(1 << 32)))
draw = random.Random(SEED)


# What is being attacked now.
KIND = [""]
# First reads that took longer than the bound: what was attacked, seconds, and of a processor.
LATE = []
# Of each kind of attack, what the first reads took of a processor.
PROCESSOR = {}
# For each full disk, whether what was asked for was refused by it.
REFUSED = []
# What is said of a disk that is full.
TOLD = ("in memory only", "cannot write", "free some space", "cannot be written")
# So much longer is every fact when a disk is to fill: 4 MB in all, whatever their number.
FILLER = "v" * max(400, 4_000_000 // FACTS)


class Broken(Exception):
    """A promise was."""


class Home:
    """A home directory with a cache, a source in a file, and what was acknowledged."""

    def __init__(self, root):
        self.root, self.said, self.acknowledged = Path(root), 0, 0
        self.data = self.root / "data"
        config = self.root / ".config/stellar"
        config.mkdir(parents=True, exist_ok=True)
        source = '[[source]]\nname = "simulated"\nkind = "file"\npath = "%s"\n' % (self.root / "facts.json")
        (config / "config.toml").write_text(source)

    def say(self, filler=""):
        """The source says the next number of every fact."""
        self.said += 1
        # A list stays one value, so the keys are the same; of an answer that the disk refused in the middle a part may be there.
        facts = {"fact": {f"k{at}": [self.said, filler] if filler else self.said for at in range(FACTS)}}
        (self.root / "facts.json").write_text(json.dumps(facts))

    def start(self, *words, limit=None):
        before = (lambda: (signal.signal(signal.SIGXFSZ, signal.SIG_IGN), resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))) if limit else None
        environment = {"HOME": str(self.root), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "XDG_RUNTIME_DIR": str(self.root)}
        return subprocess.Popen(
            [BINARY, "--data-dir", str(self.data), *words],
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=before,
        )

    def run(self, *words, limit=None):
        process = self.start(*words, limit=limit)
        try:
            out, err = process.communicate(timeout=180)
        except subprocess.TimeoutExpired:
            process.kill()
            raise Broken(f"{words} did not end within three minutes")
        if "panicked" in out + err or process.returncode < 0 or process.returncode == 101:
            raise Broken(f"{words} ended with {process.returncode}: {err.strip()[-400:]}")
        return process.returncode, out, err

    def refresh(self, **how):
        code, _, err = self.run("refresh", **how)
        if code == 0 and "in memory only" not in err:
            self.acknowledged = self.said
        return code, err

    def values(self, said):
        """Every value, judged; `said` is what was said of damage so far."""
        code, out, err = self.run("--offline", "list", "--json")
        said += err
        # 5: nothing is cached. Losing all of it may happen to a damaged cache, if it was said.
        if code not in (0, 5):
            raise Broken(f"list ended with {code}: {err.strip()[-400:]}")
        found = {}
        for line in out.splitlines() if code == 0 else []:
            fact = json.loads(line)["payload"]
            if fact.get("key", "").startswith("fact/k"):
                value = fact["value"]
                found[fact["key"]] = value[0] if isinstance(value, list) else value
        wrong = {key: value for key, value in found.items() if not (isinstance(value, int) and self.acknowledged <= value <= self.said)}
        old = {key: value for key, value in wrong.items() if isinstance(value, int) and 0 < value < self.acknowledged}
        told = any(word in said for word in ("set aside", "damaged", "snapshot"))
        if set(wrong) - set(old) or (old and not told):
            raise Broken(f"wrong values: {dict(list(wrong.items())[:3])}, {self.acknowledged} to {self.said} are right")
        if len(found) < FACTS and not told:
            code, out, _ = self.run("--offline", "cache", "status", "--json")
            if code != 0 or json.loads(out.splitlines()[0])["payload"]["quarantined"] == 0:
                raise Broken(f"{len(found)} of {FACTS} facts and nothing said: {said.strip()[-400:]!r}")
        return len(found)

    def first_read(self):
        """From the fault to the next answered read: seconds, and what was said."""
        began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
        code, _, err = self.run("--offline", "get", f"fact/k{draw.randrange(FACTS)}")
        took, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
        worked = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        PROCESSOR.setdefault(KIND[0], []).append(worked)
        if code not in (0, 3, 5):
            raise Broken(f"get ended with {code}: {err.strip()[-400:]}")
        if took > BOUND:
            LATE.append((KIND[0], took, worked))
            print(f"late: {KIND[0]}, the first read took {took:.1f} s, {worked:.2f} s of a processor", file=sys.stderr, flush=True)
        return took, err

    def fingerprint(self):
        """Every byte that is kept, but for the file that says who holds the directory."""
        files = sorted(path for path in self.data.rglob("*") if path.is_file() and path.name not in ("lock", "filler"))
        return {str(path.relative_to(self.data)): path.read_bytes() for path in files}

    def fill_up(self):
        """Less than 64 KiB are left."""
        blocker, room = self.data / "filler", shutil.disk_usage(self.data).free
        with open(blocker, "wb") as file:
            try:
                file.write(b"x" * max(0, room - draw.randrange(64 * 1024)))
            except OSError:
                pass
        return blocker

    def whole_again(self):
        """A refresh makes everything whole, and it is whole for the next process too."""
        self.say()
        code, err = self.refresh()
        if code != 0 or self.acknowledged != self.said:
            raise Broken(f"refresh ended with {code}: {err.strip()[-400:]}")
        if self.values("") != FACTS:
            raise Broken("not whole after a refresh")


def kill(home):
    home.say()
    process = home.start(*draw.choice([("refresh",), ("serve",), ("list", "--json")]))
    try:
        process.communicate(timeout=draw.random() * 0.3)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
    took, said = home.first_read()
    if home.values(said) != FACTS:
        raise Broken(f"facts are missing after a kill: {said.strip()[-400:]}")
    if draw.random() < 0.1:
        home.whole_again()
    return took


def full(home):
    """The disk has 64 KiB left, or files may not grow any more; then there is room again."""
    blocker, limit = home.data / "filler", None
    if MOUNTS:
        home.fill_up()
    else:
        limit = max(path.stat().st_size for path in home.data.rglob("*") if path.is_file()) + draw.randrange(64 * 1024)
    home.say(FILLER)
    code, err = home.refresh(limit=limit)
    REFUSED.append(home.acknowledged != home.said)
    if home.acknowledged != home.said and not any(word in err for word in TOLD):
        raise Broken(f"a full disk was not said: {code} {err.strip()[-400:]}")
    took, said = home.first_read()
    blocker.unlink(missing_ok=True)
    if home.values(said + err) < FACTS and "set aside" not in said + err:
        raise Broken("facts are missing after a full disk")
    home.whole_again()
    return took


def full_at_work(home, *words):
    """The disk has less than 64 KiB left while a person asks for this: done, or refused with a sentence and every value as it was."""
    blocker = home.fill_up()
    code, _, err = home.run(*words)
    REFUSED.append(code != 0)
    if code != 0 and not any(word in err for word in TOLD):
        raise Broken(f"{words} on a full disk: {code} {err.strip()[-400:]}")
    took, said = home.first_read()
    if home.values(said) != FACTS:
        raise Broken(f"facts are missing after {words} on a full disk")
    blocker.unlink()
    code, _, err = home.run(*words)
    if code != 0 or home.values("") != FACTS:
        raise Broken(f"{words} with room again: {code} {err.strip()[-400:]}")
    home.whole_again()
    return took


def compact(home):
    return full_at_work(home, "cache", "compact")


def rekey(home):
    return full_at_work(home, "cache", "rekey")


def snapshot(home):
    """A snapshot by hand to a file system of 64 KiB to 2 MiB that is too small for it: refused with a sentence, nothing changed."""
    shelf = home.root / "shelf"
    shelf.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={draw.randrange(64, 2048)}k,mode=700", "tmpfs", shelf], check=True)
    try:
        before = home.run("cache", "snapshot", str(shelf / "s"))[0]
        if before != 0 and list(shelf.iterdir()):
            raise Broken("a refused snapshot left something")
        home.say(FILLER)
        if home.refresh()[0] != 0 or home.acknowledged != home.said:
            raise Broken("no cache to make a snapshot of")
        kept, data = {path.name: path.read_bytes() for path in shelf.iterdir()}, home.fingerprint()
        code, _, err = home.run("cache", "snapshot", str(shelf / "s"))
        REFUSED.append(code != 0)
        if code == 0 or not any(word in err for word in TOLD):
            raise Broken(f"a snapshot on a full disk: {code} {err.strip()[-400:]}")
        if {path.name: path.read_bytes() for path in shelf.iterdir()} != kept:
            raise Broken(f"a refused snapshot changed the shelf: {[path.name for path in shelf.iterdir()]}")
        changed = [name for name, content in home.fingerprint().items() if data.get(name) != content]
        if changed:
            raise Broken(f"a refused snapshot changed {changed}")
        took, said = home.first_read()
        if home.values(said) != FACTS:
            raise Broken("facts are missing after a refused snapshot")
        subprocess.run(["mount", "-o", "remount,size=64m", shelf], check=True)
        for words in (("cache", "snapshot", str(shelf / "s")), ("cache", "hydrate", str(shelf / "s"))):
            code, _, err = home.run(*words)
            if code != 0:
                raise Broken(f"{words} with room again: {code} {err.strip()[-400:]}")
    finally:
        subprocess.run(["umount", "-l", shelf], check=True)
    return took


def files_of(home):
    database = [path for path in (home.data / "cache").rglob("*") if path.is_file() and path.stat().st_size > 0]
    beside = [home.data / name for name in ("manifest", "keyslots")]
    # Most of what is on a disk is the database.
    return draw.choice(database if draw.random() < 0.75 else [path for path in beside if path.exists()])


def flip(home):
    path = files_of(home)
    content = bytearray(path.read_bytes())
    # The tail of a database file is empty; most flips shall meet something.
    end = max(1, len(content.rstrip(b"\0")))
    at = draw.randrange(end)
    content[at] ^= 1 << draw.randrange(8)
    path.write_bytes(content)
    return damaged(home)


def cut(home):
    path = files_of(home)
    os.truncate(path, draw.randrange(path.stat().st_size))
    return damaged(home)


def damaged(home):
    took, said = home.first_read()
    home.values(said)
    home.whole_again()
    return took


TRIALS = {"kill": kill, "full": full, "flip": flip, "cut": cut}
# On a file system of their own, so that the data directory is what fills.
FILLED = {"full", "compact", "rekey"} if MOUNTS else set()
if MOUNTS:
    TRIALS |= {"compact": compact, "rekey": rekey, "snapshot": snapshot}
ALL = {"kill": 1000, "full": 200, "flip": 500, "cut": 500, "compact": 100, "rekey": 100, "snapshot": 100}


def size_of_disk(data):
    """Room to work in while nothing fills it."""
    return max(8 << 20, 4 * sum(path.stat().st_size for path in data.rglob("*") if path.is_file()))


def trial(kind, scratch, pristine):
    root = scratch / "home"
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(pristine.root, root)
    home = Home(root)
    home.said, home.acknowledged = pristine.said, pristine.acknowledged
    if kind not in FILLED:
        return TRIALS[kind](home)
    shutil.move(home.data, root / "was")
    home.data.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size_of_disk(root / 'was')},mode=700", "tmpfs", home.data], check=True)
    try:
        shutil.copytree(root / "was", home.data, dirs_exist_ok=True)
        return TRIALS[kind](home)
    finally:
        subprocess.run(["umount", "-l", home.data], check=True)


def spread(times):
    p99 = times[min(len(times) - 1, int(len(times) * 0.99))]
    return f"p50 {times[len(times) // 2] * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms, worst {times[-1] * 1000:.0f} ms"


def main():
    words = sys.argv[2:]
    counts = {kind: 0 for kind in TRIALS}
    if words and words[0] == "--all":
        counts |= {kind: ALL[kind] for kind in TRIALS}
        until = None
    elif words and words[0] == "--count":
        counts |= {kind: int(number) for kind, number in (word.split("=") for word in words[1:])}
        if set(counts) - set(TRIALS):
            sys.exit(f"there are {', '.join(TRIALS)} here")
        until = None
    else:
        until = time.monotonic() + float(words[0] if words else 600)
    results = {kind: [] for kind in TRIALS}
    failures = []
    with tempfile.TemporaryDirectory(prefix="stellar-resilience-") as directory:
        scratch = Path(directory)
        pristine = Home(scratch / "pristine")
        pristine.say()
        pristine.refresh()
        pristine.say()
        pristine.refresh()
        if pristine.acknowledged != 2:
            sys.exit("the binary does not even fill a cache")
        turn = 0
        while True:
            left = [kind for kind in TRIALS if until is not None or len(results[kind]) + sum(f[0] == kind for f in failures) < counts[kind]]
            if not left or (until is not None and time.monotonic() > until):
                break
            kind = KIND[0] = left[turn % len(left)]
            turn += 1
            if turn % 100 == 0:
                print(f"{turn} trials, {len(failures)} failed, {len(LATE)} late", file=sys.stderr, flush=True)
            try:
                results[kind].append(trial(kind, scratch, pristine))
            except Broken as broken:
                failures.append((kind, turn, str(broken)))
                print(f"failed: {kind}, trial {turn}, seed {SEED}: {broken}", file=sys.stderr, flush=True)
    for kind, times in results.items():
        if times:
            times.sort()
            print(f"{kind}: {len(times)} passed, recovery {spread(times)}; of a processor {spread(sorted(PROCESSOR[kind]))}")
    passed = sum(map(len, results.values()))
    worst = max((times[-1] for times in results.values() if times), default=0)
    how = "a file system of its own with less than 64 KiB left" if MOUNTS else "a limit on the size of files"
    print(f"seed {SEED}; {FACTS} facts; the full disk was {how}, and refused {sum(REFUSED)} of {len(REFUSED)}")
    print(f"{passed} passed, {len(failures)} failed, {len(LATE)} late, worst recovery {worst * 1000:.0f} ms")
    sys.exit(1 if failures or LATE or passed == 0 else 0)


main()
