// What a payload holds, and the receiver's book. The same code runs in Node and in a page.
//
//     bytes 0..4    sequence number
//     bytes 4..8    what the message is besides its payload: FLAGS
//     bytes 8..12   how many messages share a sample, where the flag is BEGIN
//     bytes 12..16  check of these three, of the length and of the direction
//     the rest      words of a random table, from a place that depends on the sequence number
//
// The receiver compares every byte with what it must be.

export const HEAD = 16;
/** Messages that begin and end the measured phase travel on the link itself, so that they cannot overtake anything. */
export const FLAGS = { NONE: 0, BEGIN: 1, END: 2 };
/** Which way a message goes: a request that comes back as a reply is corrupt. */
export const UP = 0x2545f491;
export const DOWN = 0x5851f42d;

const PLACES = 1021; // prime, so that places and rings of a peer do not keep in step
const FURTHEST_SKIP = 1 << 20;

/** One direction of a link. `equal(a, b)` says whether two arrays of bytes are the same, in the fastest way of the engine. */
export class Pattern {
  constructor(length, direction, equal) {
    this.length = length;
    this.direction = direction;
    this.equal = equal;
    this.body = length - HEAD;
    const words = new Uint32Array(PLACES + (this.body >>> 2));
    for (let at = 0, state = direction; at < words.length; at += 1) {
      state = (state + 0x9e3779b9) | 0; // splitmix32
      let word = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
      word = Math.imul(word ^ (word >>> 15), 0x735a2d97);
      words[at] = word ^ (word >>> 15);
    }
    this.table = new Uint8Array(words.buffer);
    this.head = new Uint32Array(HEAD / 4);
    this.headBytes = new Uint8Array(this.head.buffer);
  }

  seal(sequence, flag, every) {
    return (Math.imul(sequence ^ this.direction, 0x9e3779b1) ^ Math.imul(flag + 1, 0x85ebca6b) ^ every ^ this.length) >>> 0;
  }

  bodyOf(sequence) {
    const from = (sequence % PLACES) * 4;
    return this.table.subarray(from, from + this.body);
  }

  /** Writes all of message `sequence`. */
  fill(bytes, sequence, flag, every) {
    this.head[0] = sequence;
    this.head[1] = flag;
    this.head[2] = every;
    this.head[3] = this.seal(sequence, flag, every);
    bytes.set(this.headBytes);
    bytes.set(this.bodyOf(sequence), HEAD);
  }

  /** What is in a message: its head, or null if any byte is not as it must be. */
  open(bytes) {
    if (bytes.length !== this.length) return null;
    this.headBytes.set(bytes.subarray(0, HEAD));
    const [sequence, flag, every, seal] = this.head;
    const right = seal === this.seal(sequence, flag, every) && this.equal(bytes.subarray(HEAD), this.bodyOf(sequence));
    return right ? { sequence, flag, every } : null;
  }
}

/** Says whether two arrays are the same, four bytes at a time: a page has nothing faster. */
export function equalWords(a, b) {
  const length = a.length >>> 2;
  const [left, right] = [a, b].map((bytes) => new Uint32Array(bytes.buffer, bytes.byteOffset, length));
  for (let at = 0; at < length; at += 1) {
    if (left[at] !== right[at]) return false;
  }
  return true;
}

/** The receiver's book: the kinds of faults are those of `src/workload/ledger.rs`. */
export class Ledger {
  constructor(pattern) {
    this.pattern = pattern;
    this.next = 0;
    this.missing = new Set();
    this.checks = { received: 0, lost: 0, duplicated: 0, reordered: 0, corrupt: 0 };
  }

  /** Checks a message and enters it. Answers its head, or null if it is corrupt. */
  enter(bytes) {
    const head = this.pattern.open(bytes);
    if (head?.sequence === this.next) {
      this.next += 1;
      this.checks.received += 1;
    } else if (head && head.sequence < this.next) {
      this.late(head.sequence);
    } else if (head && head.sequence - this.next <= FURTHEST_SKIP) {
      for (let passed = this.next; passed < head.sequence; passed += 1) this.missing.add(passed);
      this.next = head.sequence + 1;
      this.checks.received += 1;
    } else {
      // Its number cannot be trusted: something came in place of the next one.
      this.next += 1;
      this.checks.corrupt += 1;
      return null;
    }
    return head;
  }

  late(sequence) {
    if (this.missing.delete(sequence)) {
      this.checks.received += 1;
      this.checks.reordered += 1;
    } else {
      this.checks.duplicated += 1;
    }
  }

  /** Closes the book: of `sent` messages, those that never came are lost. */
  close(sent) {
    return { ...this.checks, lost: this.missing.size + Math.max(0, sent - this.next) };
  }
}
