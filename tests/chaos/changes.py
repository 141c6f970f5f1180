"""The rounds of changes.sh. Each asks for a few changes, kills whoever sends them at some moment, and judges what the server counted.

A round passes when the queue drains, every acknowledged change is delivered or confirmed, every change took effect at the server once and
in the order of its key, nobody else's value is there, and the last value of each key is the last one that was asked for. A change whose
`set` was killed before it answered may be there or not.
"""

import json, os, random, socket, subprocess, sys, tempfile, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

BINARY = sys.argv[1]
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
SEED = int(os.environ.get("STELLAR_SEED", random.SystemRandom().randrange(1 << 32)))
draw = random.Random(SEED)

# How the server keeps a change from being made twice: it holds `If-Match` against its tag, it knows idempotency keys, or not at all.
KINDS = ("tagged", "keyed", "plain")
KEYS = [f"{kind}/{name}" for kind in KINDS for name in ("a", "b")]
# A kill comes within so many seconds of what it is to hit.
WITHIN = 0.4
# So long may a queue take to drain, and anything to end. Nothing healthy comes near.
STUCK = 120.0
STATES = "queued,in_flight,delivered,confirmed,parked,blocked,dead,cancelled"

CONFIG = """
[[source]]
name = "{kind}"
kind = "http"
url = "{url}/{kind}"
timeout = "10s"
interval = "2s"
writable = true
prefix = "{kind}"
[[source.map]]
items = "$.items[*]"
key = "{{$.name}}"
value = "$.is"
[[source.write]]
match = "{kind}/*"
method = "PUT"
url = "{url}/{kind}/{{1}}"
body = '{{"is": {{value}}}}'
"""


class Broken(Exception):
    """A promise was."""


class Target:
    """What the server holds, what took effect there in which order, and how it misbehaves."""

    def __init__(self):
        self.lock = threading.Lock()
        self.values = {key: 0 for key in KEYS}
        self.tags = {key: 0 for key in KEYS}
        self.effects = []
        self.answered = {}
        # Requests that are read and not yet decided, and connections of clients that are gone but whose last words are not read.
        self.unsettled = 0
        self.faults = {}
        self.draw = random.Random(SEED + 1)

    def fault(self, kind):
        with self.lock:
            # Where nothing tells a late request from a new one nobody can promise anything about late ones.
            early = ("late", 6) if kind != "plain" else ("late", 0)
            faults = [("none", 58), ("lost", 10), ("slow", 8), early, ("refused", 4), ("gone", 6), ("done_503", 4), ("full_503", 4)]
            fault = self.draw.choices([name for name, _ in faults], [weight for _, weight in faults])[0]
            self.faults[fault] = self.faults.get(fault, 0) + 1
            return fault, self.draw.random() * 0.3

    def put(self, key, value, idempotency, match):
        """The status, and the tag now. Whoever calls holds the lock."""
        kind = key.split("/")[0]
        if kind == "keyed" and idempotency in self.answered:
            return self.answered[idempotency], None
        tag = f'"{self.tags[key]}"' if kind == "tagged" else None
        if tag and match is not None and match != tag:
            return 412, tag
        self.values[key] = value
        self.tags[key] += 1
        self.effects.append((key, value, idempotency))
        self.answered[idempotency] = 204
        return 204, f'"{self.tags[key]}"' if kind == "tagged" else None


TARGET = Target()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def setup(self):
        super().setup()
        self.counts = True

    def settle(self):
        """What this connection was to do is decided."""
        if self.counts:
            self.counts = False
            with TARGET.lock:
                TARGET.unsettled -= 1

    def unsettle(self):
        if not self.counts:
            self.counts = True
            with TARGET.lock:
                TARGET.unsettled += 1

    def finish(self):
        self.settle()
        try:
            super().finish()
        except OSError:
            pass

    def answer(self, status, body=b"", tag=None, retry=None):
        try:
            self.send_response(status)
            if tag:
                self.send_header("ETag", tag)
            if retry:
                self.send_header("Retry-After", retry)
            if body:
                self.send_header("Content-Type", "application/json")
            if status != 204:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)
        except OSError:
            # A client that is gone is what this is about.
            self.close_connection = True

    def do_GET(self):
        kind = self.path.strip("/")
        with TARGET.lock:
            items = [{"name": key.split("/")[1], "is": value} for key, value in TARGET.values.items() if key.startswith(kind + "/")]
        self.answer(200, json.dumps({"items": items}).encode())

    def do_HEAD(self):
        key = self.path.strip("/")
        if not key.startswith("tagged/"):
            return self.answer(405)
        with TARGET.lock:
            tag = f'"{TARGET.tags[key]}"'
        self.answer(200, tag=tag)

    def do_PUT(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        key, idempotency, match = self.path.strip("/"), self.headers.get("Idempotency-Key"), self.headers.get("If-Match")
        try:
            value = json.loads(body)["is"]
        except ValueError:
            # The client died in the middle of its request.
            self.close_connection = True
            return
        fault, pause = TARGET.fault(key.split("/")[0])
        if fault == "gone":
            self.close_connection = True
            return
        if fault == "full_503":
            return self.answer(503, retry="1")
        if fault == "refused":
            return self.answer(429, retry="1")
        if fault == "late":
            self.settle()
            time.sleep(pause)
        with TARGET.lock:
            status, tag = TARGET.put(key, value, idempotency, match)
        self.settle()
        if fault == "slow":
            time.sleep(pause)
        if fault == "lost":
            self.close_connection = True
            return
        if fault == "done_503":
            status, tag = 503, None
        self.answer(status, tag=tag)
        self.unsettle()


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def process_request(self, request, address):
        with TARGET.lock:
            TARGET.unsettled += 1
        super().process_request(request, address)

    def handle_error(self, request, address):
        pass


def quiet(server):
    """Waits until everything that dead clients had sent is decided, but for what the server itself holds back."""
    # Connections are taken in their order: when this one is closed by its end, all before it were taken.
    with socket.create_connection(server.server_address) as last:
        last.sendall(b"GET /tagged HTTP/1.0\r\n\r\n")
        while last.recv(4096):
            pass
    until = time.monotonic() + STUCK
    while True:
        with TARGET.lock:
            if TARGET.unsettled == 0:
                return
        if time.monotonic() > until:
            raise Broken("the server does not come to rest")
        time.sleep(0.002)


class Home:
    """A home directory, the server, and what was asked for."""

    def __init__(self, root, server):
        self.root, self.server, self.engine, self.next = Path(root), server, None, 0
        # Of each key what was asked for in order: the value, and whether it was acknowledged.
        self.asked = {key: [] for key in KEYS}
        self.kills = {"engine": 0, "set": 0}
        self.by = {"engine": 0, "owner": 0}
        config = self.root / ".config/stellar"
        config.mkdir(parents=True)
        url = "http://127.0.0.1:%d" % server.server_address[1]
        (config / "config.toml").write_text("".join(CONFIG.format(kind=kind, url=url) for kind in KINDS))
        self.judged, self.seen = {key: 0 for key in KEYS}, 0

    def start(self, *words):
        environment = {"HOME": str(self.root), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "XDG_RUNTIME_DIR": str(self.root)}
        return subprocess.Popen([BINARY, *words], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def run(self, *words, codes=(0,)):
        process = self.start(*words)
        try:
            out, err = process.communicate(timeout=STUCK)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise Broken(f"{words} did not end")
        if process.returncode not in codes or "panicked" in err:
            raise Broken(f"{words} ended with {process.returncode}: {err.strip()[-400:]}")
        return [json.loads(line)["payload"] for line in out.splitlines() if "payload" in json.loads(line)]

    def serve(self):
        quiet(self.server)
        self.engine = self.start("serve")
        for line in self.engine.stdout:
            if ".sock" in line:
                break
        else:
            raise Broken(f"serve does not start: {self.engine.stderr.read()[-400:]}")

    def kill_engine(self):
        self.engine.kill()
        self.engine.communicate()
        self.kills["engine"] += 1

    def set(self, key, how, mortal):
        """Asks for the next value; `mortal`: it may be killed at it."""
        self.next += 1
        value, by = self.next, "owner" if self.engine.poll() is not None else "engine"
        if by == "owner":
            quiet(self.server)
        process = self.start("set", key, str(value), "--json", *how)
        killed = False
        try:
            out, err = process.communicate(timeout=draw.random() * 0.15 if mortal else STUCK)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            if not mortal:
                raise Broken(f"set {key} {value} did not end: {err.strip()[-400:]}")
            killed = True
            self.kills["set"] += 1
        if "panicked" in err:
            raise Broken(f"set {key} {value}: {err.strip()[-400:]}")
        # 8: what was waited for did not come; it is queued all the same.
        acknowledged = process.returncode in (0, 8) or '"core.queue.read"' in out
        # Any other end is one that the killing of the engine explains.
        if not acknowledged and not killed and self.engine.poll() is None:
            raise Broken(f"set {key} {value} ended with {process.returncode}: {out.strip()[-200:]} {err.strip()[-400:]}")
        self.asked[key].append((value, acknowledged))
        self.by[by] += acknowledged

    def drain(self):
        """Waits until nothing is under way; seconds."""
        began = time.monotonic()
        while True:
            status = self.run("queue", "status", "--json")[0]
            if status["depth"] == 0:
                return time.monotonic() - began
            if time.monotonic() - began > STUCK:
                raise Broken(f"the queue does not drain: {status}")
            time.sleep(0.02)

    def judge(self):
        """Holds what the server counted against what was asked for since the last round."""
        listed = {one["value"]: one for one in self.run("queue", "list", "--state", STATES, "--json") if isinstance(one.get("value"), int)}
        with TARGET.lock:
            effects, values = list(TARGET.effects), dict(TARGET.values)
        new = effects[self.seen:]
        counts = {}
        for _, _, idempotency in effects:
            counts[idempotency] = counts.get(idempotency, 0) + 1
        twice = [effect for effect in new if counts[effect[2]] != 1]
        if twice or any(idempotency is None for _, _, idempotency in new):
            raise Broken(f"applied more than once: {twice}")
        for key in KEYS:
            asked = self.asked[key][self.judged[key]:]
            applied = [value for at, value, _ in new if at == key]
            lost = [value for value, acknowledged in asked if acknowledged and value not in applied]
            if lost:
                raise Broken(f"{key}: {lost} acknowledged and lost; {[listed.get(value) for value in lost]}")
            # Whatever it was: each value once, in the order in which it was asked for, and nothing else.
            maybe = [value for value, _ in asked if value in applied]
            if applied != maybe:
                raise Broken(f"{key}: {applied} took effect where {maybe} was asked for in this order")
            for value in applied:
                if listed.get(value, {}).get("state") not in ("delivered", "confirmed"):
                    raise Broken(f"{key}: {value} took effect, but the queue says {listed.get(value)}")
            if applied and values[key] != applied[-1]:
                raise Broken(f"{key} is {values[key]}, and {applied[-1]} was last")
            self.judged[key] = len(self.asked[key])
        self.seen = len(effects)
        stopped = [one for one in listed.values() if one["state"] in ("parked", "blocked", "dead", "cancelled")]
        if stopped:
            raise Broken(f"stopped, and nobody did it: {stopped[:2]}")
        key = draw.choice(KEYS)
        if not values[key]:
            return
        fact = self.run("get", key, "--json")[0]
        if fact["value"] != values[key]:
            last = [one for one in listed.values() if one["key"] == key][-3:]
            later = {pause: (time.sleep(pause), self.run("get", key, "--json")[0]["value"])[1] for pause in (0.1, 3.0)}
            raise Broken(f"{key} is not believed to be {values[key]}: {fact}; {last}; later {later}; now {time.time()}")


def trial(home):
    keys = draw.sample(KEYS, 3)
    timer = threading.Timer(draw.random() * WITHIN, home.engine.kill)
    timer.start()
    for _ in range(draw.randrange(2, 6)):
        home.set(draw.choice(keys), ("--wait", "0s"), draw.random() < 0.15)
    timer.join()
    home.kill_engine()
    for _ in range(draw.randrange(3)):
        how = draw.choice([("--wait", "0s"), ("--wait", "300ms"), ("--offline",), ()])
        home.set(draw.choice(keys), how, draw.random() < 0.3)
    home.serve()
    # And once more, or twice, while it sends what was left.
    while draw.random() < 0.5:
        # Most of what is left is sent at once.
        time.sleep(draw.random() ** 2 * WITHIN)
        home.kill_engine()
        home.serve()
    took = home.drain()
    home.judge()
    return took


def main():
    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    times, failures, began = [], 0, time.monotonic()
    with tempfile.TemporaryDirectory(prefix="stellar-changes-") as directory:
        home = Home(directory, server)
        try:
            # What a change starts from is known from here on: where it is not, a change is sent without looking.
            home.run("refresh", "--json")
            home.serve()
            for turn in range(1, ROUNDS + 1):
                try:
                    times.append(trial(home))
                except Broken as broken:
                    failures += 1
                    print(f"failed: round {turn}, seed {SEED}: {broken}", file=sys.stderr, flush=True)
                    # What it left behind is no ground for another.
                    break
        finally:
            if home.engine is not None and home.engine.poll() is None:
                home.engine.kill()
                home.engine.communicate()
    took = time.monotonic() - began
    times.sort()
    if times:
        print(f"drained after the last start: p50 {times[len(times) // 2]:.2f} s, worst {times[-1]:.2f} s")
    print(f"seed {SEED}; {home.next} changes asked for, acknowledged {home.by['engine']} by a running engine and {home.by['owner']} without one")
    print(f"{len(TARGET.effects)} effects; kills: {home.kills['engine']} of the engine, {home.kills['set']} of a set; faults of the server: {TARGET.faults}")
    print(f"{len(times)} passed, {failures} failed of {ROUNDS} rounds in {took:.0f} s")
    sys.exit(1 if failures or len(times) != ROUNDS else 0)


main()
