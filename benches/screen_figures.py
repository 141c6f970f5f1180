"""What a person at a terminal waits for: the part of `screen-figures` that runs programs on pseudo-terminals and times them."""

import fcntl
import json
import math
import os
import pathlib
import pty
import re
import select
import shutil
import signal
import statistics
import struct
import subprocess
import sys
import termios
import time

STELLAR, SCRATCH = sys.argv[1], pathlib.Path(sys.argv[2])
RUNS, IDLE, PRESSES = int(sys.argv[3]), float(sys.argv[4]), int(sys.argv[5])
COLUMNS, ROWS, FACTS = 120, 36, 10_000
# Seconds between two polls of this host where nothing is configured.
HOST_INTERVAL = 5
PATIENCE = 30
PATH = os.environ["PATH"]
rows, missed, notes = [], [], []

# What a terminal is asked, and what the one played here answers: it knows synchronised updates and nothing else.
QUESTIONS = re.compile(rb"(\x1b\[\?2026\$p)|(\x1b\]11;\?(?:\x1b\\|\x07))|(\x1b\[0?c)|(\x1b\[6n)")
ANSWERS = [b"\x1b[?2026;2$y", b"\x1b]11;rgb:1010/1010/1010\x1b\\", b"\x1b[?62;22c", b"\x1b[1;1R"]
CONTROL = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]P^_X][^\x1b\x07]*(?:\x1b\\|\x07)|\x1b[()][A-Z0-9]|\x1b.|[\x00-\x20\x7f]")
CURSOR = re.compile(rb"\x1b\[(\d+);(\d+)H\x1b\[\?25h")


class Terminal:
    """A program on a terminal of its own; `output` is everything it wrote."""

    def __init__(self, command, env):
        self.output, self.answered = bytearray(), 0
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self.began = time.perf_counter_ns()
        self.pid = os.fork()
        if self.pid == 0:
            os.setsid()
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
            for number in (0, 1, 2):
                os.dup2(slave, number)
            os.closerange(3, 64)
            try:
                os.chdir(env.get("PWD", env.get("HOME", "/")))
                os.execvpe(command[0], command, env)
            finally:
                os._exit(127)
        os.close(slave)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.kill(self.pid, number)
            except ProcessLookupError:
                break
            until = time.monotonic() + 5
            while time.monotonic() < until:
                try:
                    self.read(0.05)
                except OSError:
                    time.sleep(0.01)
                if os.waitpid(self.pid, os.WNOHANG)[0]:
                    os.close(self.master)
                    return
        os.waitpid(self.pid, 0)
        os.close(self.master)

    def send(self, keys):
        os.write(self.master, keys)

    def read(self, seconds):
        """Takes what comes within this time; the moment it came, or None."""
        if not select.select([self.master], [], [], max(0, seconds))[0]:
            return None
        data = os.read(self.master, 65_536)
        now = time.perf_counter_ns()
        self.output += data
        for asked in QUESTIONS.finditer(self.output, self.answered):
            self.send(ANSWERS[asked.lastindex - 1])
            self.answered = asked.end()
        # A question cut in two is looked for again as a whole.
        self.answered = max(self.answered, len(self.output) - 16)
        return now

    def wait(self, what, seen):
        """Reads until `seen` of everything written; milliseconds since the start."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                now = self.read(until - time.monotonic())
            except OSError:
                now = None
            if now is None:
                raise SystemExit(f"{what} did not come; what came ends with {bytes(self.output[-400:])!r}")
            if seen(self.output):
                return (now - self.began) / 1e6

    def rest(self, seconds):
        """Takes whatever comes for a while."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.read(until - time.monotonic())

    def frames(self):
        """How many frames came, each wrapped in a synchronised update."""
        return self.output.count(b"\x1b[?2026h")

    def cpu_ns(self):
        """Processor time of all its threads, those that ended included."""
        stat = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        coarse = (int(stat[11]) + int(stat[12])) * 1_000_000_000 // os.sysconf("SC_CLK_TCK")
        exact = 0
        for task in pathlib.Path(f"/proc/{self.pid}/task").iterdir():
            try:
                exact += int((task / "schedstat").read_text().split()[0])
            except (FileNotFoundError, ProcessLookupError):
                pass
        return exact, coarse

    def memory_mib(self):
        for line in pathlib.Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        raise SystemExit("the process has no resident set")


def home(name, config, files=()):
    """A home of its own; the environment to run in it."""
    root = SCRATCH / name
    place = root / ".config" / "stellar"
    place.mkdir(parents=True)
    (root / "run").mkdir(mode=0o700)
    if config:
        (place / "config.toml").write_text(config)
        (place / "config.toml").chmod(0o600)
    for file, text in files:
        (place / file).write_text(text)
    return {
        "PATH": PATH,
        "LANG": "C.UTF-8",
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "HOME": str(root),
        "XDG_RUNTIME_DIR": str(root / "run"),
    }


def facts_file(count):
    return json.dumps({"service": {f"s{n:05}": {"replicas": n % 9} for n in range(count)}})


def file_home(name, count):
    config = '[[source]]\nname = "facts"\nkind = "file"\npath = "facts.json"\n[[key]]\nmatch = "**"\nttl = "24h"\n'
    return home(name, config, [("facts.json", facts_file(count))])


def run(env, *args):
    return subprocess.run([STELLAR, *args], env=env, stdin=subprocess.DEVNULL, capture_output=True, check=True, text=True).stdout


def painted(output):
    """Whether anything a person can see was written."""
    return CONTROL.sub(b"", bytes(output)) != b""


def shows_facts(output):
    """Whether a screenful of facts was written, not just one row."""
    return len(set(re.findall(rb"service/s\d{5}", output))) >= 20


def shows(*texts):
    """Whether all of these were written."""
    return lambda output: all(text in CONTROL.sub(b"", bytes(output)) for text in texts)


def row(what, figure, unit, beside, raw, bound, worst=""):
    held = figure <= bound
    if not held:
        missed.append(what)
    ratio = f"{figure / raw:.2g}" if raw else ""
    rows.append(f"| {what} | {figure:.3g} {unit}{worst} | {beside} | {ratio} | {bound:g} {unit} | {'yes' if held else '**no**'} |")


def start_up(command, env, content):
    """Milliseconds to the first thing seen and to the content, of one start."""
    with Terminal(command, env) as terminal:
        first = terminal.wait(f"the first frame of {command[0]}", painted)
        if content(terminal.output):
            return first, first
        return first, terminal.wait(f"the content of {command[0]}", content)


def quantile(sorted_values, share):
    return sorted_values[min(len(sorted_values) - 1, math.ceil(share * len(sorted_values)) - 1)]


def peers():
    """Programs of this kind that are installed: how each is started, where, and what tells that its content is there."""
    repository = SCRATCH / "repository"
    found = []
    plain = home("peer", "")
    for name, command, content in [
        ("btop", ["btop", "--utf-force"], shows(b"Pid:", b"Program:", b"Mem")),
        ("btm", ["btm"], shows(b"CPU", b"PID", b"Memory")),
        ("gitui", ["gitui"], shows(b"UnstagedChanges", b"StagedChanges", b"Status")),
    ]:
        if shutil.which(name, path=PATH) is None:
            notes.append(f"{name} is not installed; it was not measured.")
            continue
        where = plain
        if name == "gitui":
            # It shows the repository it stands in.
            where = {**plain, "PWD": str(repository)}
            git = ["git", "-C", str(repository), "-c", "user.name=a", "-c", "user.email=a@example.org"]
            subprocess.run(["git", "init", "-q", str(repository)], env=plain, check=True)
            for number in range(20):
                (repository / f"file{number}").write_text("text\n")
            subprocess.run([*git, "add", "."], env=plain, check=True)
            subprocess.run([*git, "commit", "-qm", "files"], env=plain, check=True)
            (repository / "file3").write_text("another text\n")
        try:
            start_up(command, where, content)
        except SystemExit as why:
            notes.append(f"{name} was not measured: {why}.")
            continue
        found.append((name, command, where, content))
    return found


def measure_start_up(env, rivals):
    """Starts everything in turns, so that what else the machine does falls on all alike."""
    contestants = [("stellar", [STELLAR], env, shows_facts), ("echo", ["echo", "x"], env, painted), *rivals]
    took = {name: ([], []) for name, *_ in contestants}
    for turn in range(RUNS + 2):
        for name, command, where, content in contestants:
            first, whole = start_up(command, where, content)
            if turn >= 2:
                took[name][0].append(first)
                took[name][1].append(whole)
    median = {name: tuple(statistics.median(times) for times in both) for name, both in took.items()}
    firsts, wholes = took["stellar"]
    echo = median["echo"][0]
    for at, (what, bound, times) in enumerate([("something on the screen", 20, firsts), ("content on the screen", 60, wholes)]):
        others = {name: both[at] for name, both in median.items() if name not in ("stellar", "echo")}
        said = ", ".join(f"{name} {time:.3g} ms" for name, time in others.items())
        label = f"start with {FACTS:,} facts: {what}"
        row(label, median["stellar"][at], "ms", f"`echo` on a terminal {echo:.2g} ms", echo, bound, f" (max {max(times):.3g})")
        if others:
            fastest = min(others, key=others.get)
            row(f"the same beside the fastest peer, {fastest}", median["stellar"][at], "ms", said, others[fastest], others[fastest])


def measure_keys():
    """Key to paint while a source brings 10,000 changed facts a second."""
    program = (
        'BEGIN { "date +%s%N" | getline now; printf "{\\"service\\":{"; '
        f'for (n = 0; n < {FACTS}; n++) printf "%s\\"s%05d\\":{{\\"replicas\\":%d}}", n ? "," : "", n, (substr(now, 5, 10) + n * 7919) % 1000003; print "}}}}" }}'
    )
    source = f"[[source]]\nname = \"facts\"\nkind = \"exec\"\ncommand = [\"awk\", {json.dumps(program)}]\nformat = \"json\"\n"
    env = home("churn", f'{source}interval = "1s"\ntimeout = "10s"\n[[key]]\nmatch = "**"\nttl = "24h"\n')
    took, echoed = [], []
    with Terminal([STELLAR], env) as terminal:
        terminal.wait("facts", shows_facts)
        # The first polls fill the cache; then a screenful of changed values comes every second.
        terminal.rest(3)
        before = json.loads(run(env, "get", "service/s00005/replicas", "--json").splitlines()[0])["payload"]["value"]
        frames, began, cpu = terminal.frames(), time.monotonic(), terminal.cpu_ns()[0]
        with Terminal(["sh", "-c", "stty raw -echo; exec cat"], env) as raw:
            time.sleep(0.3)
            line = None
            for press in range(PRESSES):
                # Not in step with the polls: every part of a second gets its presses.
                pause = 0.023 + 0.017 * ((press * 7) % 5)
                terminal.rest(pause)
                now = time.perf_counter_ns()
                raw.send(b"x")
                echoed.append((raw.read(PATIENCE) - now) / 1e6)
                line = next(reversed(CURSOR.findall(terminal.output)), (None,))[0]
                key = b"j" if press % 20 < 10 else b"k"
                mark = len(terminal.output)
                now = time.perf_counter_ns()
                terminal.send(key)
                moved = lambda output: any(at[0] != line for at in CURSOR.findall(output, mark))
                terminal.wait("the cursor on another line", moved)
                took.append((time.perf_counter_ns() - now) / 1e6)
        seconds = time.monotonic() - began
        share = 100 * (terminal.cpu_ns()[0] - cpu) / 1e9 / seconds
        drawn = (terminal.frames() - frames) / seconds
        after = json.loads(run(env, "get", "service/s00005/replicas", "--json").splitlines()[0])["payload"]["value"]
        if before == after:
            raise SystemExit("the facts did not change while the keys were measured")
        reports = [json.loads(line)["payload"] for line in run(env, "refresh", "--json").splitlines()]
        changed = reports[0]["changed"]
    took.sort()
    echoed.sort()
    for name, at, bound in [("p50", 0.5, 16), ("p99", 0.99, 16)]:
        raw = quantile(echoed, at)
        what = f"key to paint, {changed:,} facts changing a second, {name} of {PRESSES}"
        row(what, quantile(took, at), "ms", f"the echo of `cat` {raw:.2g} ms", raw, bound, f" (max {took[-1]:.3g})" if at > 0.9 else "")
    notes.append(f"While keys were measured {drawn:.1f} frames a second were drawn and {share:.0f} % of a core was used.")


def measure_idle(rivals):
    """Everything runs beside each other for the same minute; draws are counted on the terminal, processor time in /proc."""
    one, many, host = file_home("one", 1), file_home("idle", FACTS), home("host", "")
    run(many, "refresh")
    running = {"one": Terminal([STELLAR], one), "many": Terminal([STELLAR], many), "host": Terminal([STELLAR], host)}
    running |= {name: Terminal(command, where) for name, command, where, _ in rivals}
    try:
        def rest(seconds, ended=lambda: False):
            until = time.monotonic() + seconds
            while time.monotonic() < until and not ended():
                ready = select.select([terminal.master for terminal in running.values()], [], [], max(0, until - time.monotonic()))[0]
                for terminal in running.values():
                    if terminal.master in ready:
                        terminal.read(0)

        # All are read at the same time: one whose questions nobody answers knows no synchronised updates, and its frames are not counted.
        wanted = {"one": lambda output: b"service/s00000" in output, "many": shows_facts, "host": lambda output: b"host/" in output}
        there = lambda: all(seen(running[name].output) for name, seen in wanted.items())
        rest(PATIENCE, there)
        if not there():
            raise SystemExit("not every screen had its facts in time")
        rest(10)
        listed = [json.loads(line)["payload"] for line in run(host, "source", "list", "--json").splitlines()]
        polled = [source["source"] for source in listed]
        before = {name: (terminal.frames(), len(terminal.output), terminal.cpu_ns()[0]) for name, terminal in running.items()}
        began = time.monotonic()
        rest(IDLE)
        seconds = time.monotonic() - began
        share = {name: 100 * (terminal.cpu_ns()[0] - before[name][2]) / 1e9 / seconds for name, terminal in running.items()}
        frames = {name: terminal.frames() - before[name][0] for name, terminal in running.items()}
        written = {name: len(terminal.output) - before[name][1] for name, terminal in running.items()}
        memory = {name: terminal.memory_mib() for name, terminal in running.items()}
    finally:
        for terminal in running.values():
            terminal.__exit__()
    names = [name for name, *_ in rivals]
    said = lambda figures, unit: ", ".join(f"{name} {figures[name]:.3g} {unit}" for name in names)
    least = lambda figures: min((figures[name] for name in names), default=0)
    row(f"draws in {IDLE:g} s, one unchanging file", frames["one"], "frames", f"{written['one']} bytes written", 0, 0)
    row(f"draws in {IDLE:g} s, host view of {len(polled)} sources", frames["host"], "frames", f"a poll every {HOST_INTERVAL} s", IDLE / HOST_INTERVAL, IDLE / HOST_INTERVAL + 1)
    row("processor, one unchanging file", share["one"], "% of a core", said(share, "%"), least(share), 0.5)
    row("processor, host view", share["host"], "% of a core", said(share, "%"), least(share), 0.5)
    row(f"memory, {FACTS:,} facts", memory["many"], "MiB", said(memory, "MiB"), least(memory), 60)


rivals = peers()
start = file_home("many", FACTS)
run(start, "refresh")
measure_start_up(start, rivals)
measure_keys()
measure_idle(rivals)
print("| figure | measured | beside it | ratio | bound | held |")
print("| --- | --- | --- | --- | --- | --- |")
more = os.environ.get("ROWS", "").splitlines()
missed += [line for line in more if "**no**" in line]
print("\n".join(rows + more))
print()
load = os.getloadavg()[0]
print(f"Medians of {RUNS} starts in turns, {os.cpu_count()} cores, load {load:.1f} at the end. {' '.join(notes)}")
sys.exit(1 if missed else 0)
