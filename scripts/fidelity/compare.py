#!/usr/bin/env python3
"""Holds ipcmark's `invoke` against pingpong.c, a minimal hand-written C ping-pong.

For every cell (transport/payload/pin) the two programs run alternately on the same CPUs, in pairs whose order is
random and balanced. What counts is the ratio of the two medians within a pair: both saw the same host at nearly the
same moment. A cell is fine if the median of its ratios is within 10 % of 1.

Under pin=cross a spinner of the lowest priority (SCHED_IDLE) keeps either CPU from halting. On a virtual machine a CPU
that halts is woken by the hypervisor, in a time that has several levels and keeps to one of them for most of a run:
one program compared with itself then differs by more than 10 %. Both programs get the same spinners, which give way
to anything else at once. `--let-halt` does without. Under pin=same the CPU that matters never halts.

Prints a Markdown table. Exit code: 0 if all cells are fine, 1 if not, 2 if they could not be measured.
"""

import argparse
import contextlib
import json
import os
import random
import shlex
import signal
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

TRANSPORTS = ("pipe", "uds-stream", "tcp")
PAYLOADS = (64, 4096)
PINS = ("same", "cross")
TOLERANCE = 0.10
HERE = Path(__file__).resolve().parent
# A CPU pair is `far` above this cache-line round trip; the virtual machines we know have about 60 and 335 ns.
FAR_NS = 150


class Trouble(Exception):
    """What keeps us from measuring; the text is for the user."""


def run(command, timeout=120):
    """Runs a command and answers its standard output."""
    line = shlex.join(map(str, command))
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=timeout)
    except OSError as error:
        raise Trouble(f"cannot run {command[0]}: {error.strerror}") from None
    except subprocess.TimeoutExpired:
        raise Trouble(f"took longer than {timeout} s: {line}") from None
    if done.returncode != 0:
        raise Trouble(f"exit code {done.returncode}: {line}\n{done.stderr.strip()}")
    return done.stdout


def build(directory):
    """Compiles the C program."""
    program = directory / "pingpong"
    compiler = shlex.split(os.environ.get("CC", "cc"))
    flags = ["-O2", "-std=c11", "-Wall", "-Wextra", "-Werror"]
    run([*compiler, *flags, "-o", str(program), str(HERE / "pingpong.c")])
    return program


def two_cpus():
    """The CPUs to use: the first two that we may. Both programs inherit the restriction, so ipcmark, which chooses
    among all it may use, can choose no others."""
    cpus = sorted(os.sched_getaffinity(0))[:2]
    os.sched_setaffinity(0, cpus)
    return cpus


@contextlib.contextmanager
def awake(cpus):
    """Keeps the CPUs from halting inside the block."""
    parent, spinners = os.getpid(), []
    try:
        for cpu in cpus:
            spinner = os.fork()
            if spinner == 0:
                spin_beside(parent)
            spinners.append(spinner)
            os.sched_setscheduler(spinner, os.SCHED_IDLE, os.sched_param(0))
            os.sched_setaffinity(spinner, {cpu})
        yield
    finally:
        for spinner in spinners:
            os.kill(spinner, signal.SIGKILL)
            os.waitpid(spinner, 0)


def spin_beside(parent):
    """A spinner's whole life: ends when `parent` has, however that ends."""
    try:
        while os.getppid() == parent:
            for _ in range(100_000):
                pass
    finally:
        os._exit(0)  # nothing of the parent's may run here, not even after an interrupt


def run_ipcmark(program, cell, seconds, out):
    """One trial; answers its median and the distance between the CPUs around it."""
    transport, payload, pin = cell
    text = run([
        str(program), "run", "--transport", transport, "--workload", "invoke",
        "--set", "wait=block", "--set", f"payload={payload}", "--set", f"pin={pin}",
        "--trials", "1", "--time", str(seconds), "--no-progress", "--format", "jsonl", "--out", str(out),
    ])  # fmt: skip
    records = [json.loads(line) for line in text.splitlines() if line.strip()]
    if len(records) != 1 or records[0]["status"] != "ok":
        raise Trouble(f"ipcmark did not measure {'/'.join(map(str, cell))}: {text.strip()}")
    record = records[0]
    return record["latency_ns"]["p50"], (record.get("noise") or {}).get("distance")


def run_pingpong(program, cell, seconds, cpus, swap):
    """One run of the C program; `swap` exchanges the CPUs of its two processes."""
    transport, payload, pin = cell
    first, second = reversed(cpus) if swap else cpus
    if pin == "same":
        second = first
    arguments = [transport, payload, first, second, round(seconds * 1000)]
    return json.loads(run([str(program), *map(str, arguments)]))["p50_ns"]


def schedule(cells, pairs):
    """Blocks of one pair of each cell in random order. Over the blocks each cell sees every combination of who runs
    first and which CPU the C program's parent has equally often: ipcmark swaps its CPUs at random as well."""
    combinations = {}
    for cell in cells:
        combinations[cell] = [(n % 2 == 0, n // 2 % 2 == 0) for n in range(pairs)]
        random.shuffle(combinations[cell])
    for pair in range(pairs):
        for cell in random.sample(cells, len(cells)):
            yield (cell, *combinations[cell][pair])


def measure(arguments, cpus, directory):
    """Runs all pairs; yields one row for each."""
    program = build(directory)
    total = len(arguments.cells) * arguments.pairs
    for number, (cell, ipcmark_first, swap) in enumerate(schedule(arguments.cells, arguments.pairs)):
        if sys.stderr.isatty():
            print(f"\r{number + 1}/{total} {'/'.join(map(str, cell)):24}", end="", file=sys.stderr, flush=True)
        row = dict(zip(("transport", "payload", "pin"), cell), ipcmark_first=ipcmark_first, c_swapped=swap)
        with awake(cpus if cell[2] == "cross" and not arguments.let_halt else []):
            for turn in ("ipcmark", "c") if ipcmark_first else ("c", "ipcmark"):
                if turn == "ipcmark":
                    out = directory / f"run-{number}"
                    row["ipcmark_ns"], row["distance"] = run_ipcmark(arguments.ipcmark, cell, arguments.time, out)
                else:
                    row["c_ns"] = run_pingpong(program, cell, arguments.time, cpus, swap)
        row["ratio"] = row["ipcmark_ns"] / row["c_ns"]
        yield row
    if sys.stderr.isatty():
        print("\r" + " " * 40 + "\r", end="", file=sys.stderr)


def places(rows):
    """How far the CPUs were apart, as ipcmark saw it: the host may move them while we measure."""
    seen = {"near": 0, "far": 0, "mixed": 0}
    for distance in (row["distance"] for row in rows if row["distance"]):
        mean = (distance["before_ns"] + distance["after_ns"]) / 2
        seen["mixed" if distance["mixed"] else "far" if mean > FAR_NS else "near"] += 1
    return ", ".join(f"{count} {place}" for place, count in seen.items() if count) or "–"


def report(cells, rows):
    """Prints the table; answers whether all cells are within the tolerance."""
    print("| transport | payload | pin | ipcmark p50 | C p50 | min – max | ratio | min – max | distance | verdict |")
    print("|---|--:|---|--:|--:|--:|--:|--:|---|---|")
    fine = True
    for cell in cells:
        of_cell = [row for row in rows if (row["transport"], row["payload"], row["pin"]) == cell]
        ratios = [row["ratio"] for row in of_cell]
        ratio = statistics.median(ratios)
        within = abs(ratio - 1) <= TOLERANCE
        fine &= within
        ours, theirs = ([row[key] / 1000 for row in of_cell] for key in ("ipcmark_ns", "c_ns"))
        transport, payload, pin = cell
        print(
            f"| {transport} | {payload} B | {pin} | {statistics.median(ours):.2f} µs "
            f"| {statistics.median(theirs):.2f} µs | {min(theirs):.1f} – {max(theirs):.1f} "
            f"| {ratio:.3f} | {min(ratios):.2f} – {max(ratios):.2f} | {places(of_cell)} "
            f"| {'within 10 %' if within else '**outside**'} |"
        )
    return fine


def cell_list(text):
    """Reads `pipe/64/same,tcp/4096/cross`."""
    cells = []
    for word in text.split(","):
        transport, _, rest = word.partition("/")
        payload, _, pin = rest.partition("/")
        good = transport in TRANSPORTS and pin in PINS and payload.isdigit() and int(payload) >= 8
        if not good or int(payload) % 8:
            raise argparse.ArgumentTypeError(f"{word!r} is not TRANSPORT/BYTES/PIN, such as pipe/64/same")
        cells.append((transport, int(payload), pin))
    return list(dict.fromkeys(cells))


def positive(kind):
    """A converter for positive numbers."""

    def convert(text):
        value = kind(text)
        if not value > 0:
            raise ValueError
        return value

    convert.__name__ = f"positive {kind.__name__}"  # what argparse says was wrong
    return convert


def parse(argv):
    every = [(transport, payload, pin) for transport in TRANSPORTS for payload in PAYLOADS for pin in PINS]
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("ipcmark", nargs="?", type=Path, help="the program [default: target/release/ipcmark]")
    parser.add_argument("--pairs", type=positive(int), default=8, metavar="N", help="runs of each program [8]")
    parser.add_argument("--time", type=positive(float), default=0.2, metavar="S", help="measured part of a run [0.2]")
    parser.add_argument("--cells", type=cell_list, default=every, metavar="T/BYTES/PIN,…", help="default: all twelve")
    parser.add_argument("--let-halt", action="store_true", help="keep no CPU awake under pin=cross")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where to save every pair, one JSON object a line")
    arguments = parser.parse_args(argv)
    if arguments.ipcmark is None:
        arguments.ipcmark = HERE.parents[1] / "target" / "release" / "ipcmark"
    return arguments


def compare(arguments):
    """Measures and reports; answers whether all cells are within the tolerance."""
    if not arguments.ipcmark.is_file():
        raise Trouble(f"there is no {arguments.ipcmark}: run `cargo build --release` first, or name the program")
    arguments.ipcmark = arguments.ipcmark.resolve()  # a bare name would be looked up in PATH
    cpus = two_cpus()
    if len(cpus) < 2:
        if any(pin == "cross" for _, _, pin in arguments.cells):
            raise Trouble("pin=cross needs two CPUs; choose other cells with --cells")
        cpus *= 2
    rows = []
    with contextlib.ExitStack() as stack:
        # Opened first and written row by row: a bad path is known before the wait, and an interrupted run is kept.
        raw = stack.enter_context(open(arguments.json or os.devnull, "w", encoding="utf-8", buffering=1))
        directory = stack.enter_context(tempfile.TemporaryDirectory(prefix="fidelity-"))
        for row in measure(arguments, cpus, Path(directory)):
            rows.append(row)
            raw.write(json.dumps(row) + "\n")
    fine = report(arguments.cells, rows)
    halting = "free to halt" if arguments.let_halt else "kept awake under pin=cross"
    print(f"\nMedians of {arguments.pairs} pairs of runs of {arguments.time} s; CPUs {halting}.")
    return fine


def main(argv=None):
    arguments = parse(argv)
    try:
        return 0 if compare(arguments) else 1
    except (Trouble, OSError) as trouble:
        print(f"compare.py: {trouble}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
