// A histogram of nanoseconds with three digits from 1 ns to one minute, written as ipcmark writes its own: the HDR format V2,
// not compressed, in base64.
//
// The layout is that of HdrHistogram (Gil Tene): bucket b holds the values from 2048 · 2^b on in steps of 2^b; the lower half of
// each bucket but the first would repeat the one before it and is left out.

const LOWEST = 1;
const HIGHEST = 60_000_000_000;
const DIGITS = 3;
const SUB_BITS = 11; // 2048 steps are needed to tell three digits
const SUB_COUNT = 1 << SUB_BITS;
const COOKIE = 0x1c849313;
const HEADER = 40;

/** Place of a value among the counters. Division instead of shifts: values have more than 32 bits. */
function indexOf(value) {
  const bits = value < SUB_COUNT ? SUB_BITS : Math.floor(Math.log2(value)) + 1;
  // A logarithm near a power of two may be rounded across it.
  const exact = 2 ** bits <= value ? bits + 1 : 2 ** (bits - 1) > value && bits > SUB_BITS ? bits - 1 : bits;
  const bucket = exact - SUB_BITS;
  const sub = Math.floor(value / 2 ** bucket);
  return bucket * (SUB_COUNT / 2) + sub;
}

/** The largest value that shares a counter with others. */
function highestAt(index) {
  const bucket = Math.max(0, Math.floor(index / (SUB_COUNT / 2)) - 1);
  const sub = index - bucket * (SUB_COUNT / 2);
  return (sub + 1) * 2 ** bucket - 1;
}

export class Histogram {
  constructor() {
    this.counts = new Uint32Array(indexOf(HIGHEST) + 1);
    this.count = 0;
    this.least = Infinity;
    this.most = 0;
  }

  /** Enters nanoseconds; what is out of bounds counts as the bound. */
  record(ns) {
    const value = Math.min(Math.max(Math.round(ns), LOWEST), HIGHEST);
    this.counts[indexOf(value)] += 1;
    this.count += 1;
    this.least = Math.min(this.least, value);
    this.most = Math.max(this.most, value);
  }

  /** The largest value of the counter that holds the quantile. */
  quantile(q) {
    const wanted = Math.max(1, Math.ceil(q * this.count));
    let passed = 0;
    for (const [index, count] of this.counts.entries()) {
      passed += count;
      if (passed >= wanted) return highestAt(index);
    }
    return 0;
  }

  /** As `Latency` of a record has it: extremes and mean as a reader of the text sees them. */
  summary() {
    const from = (least, q) => (this.count >= least ? this.quantile(q) : null);
    return {
      min: this.count ? lowestAt(indexOf(this.least)) : 0,
      p50: from(1, 0.5),
      p90: from(100, 0.9),
      p99: from(1_000, 0.99),
      p999: from(10_000, 0.999),
      max: this.count ? highestAt(indexOf(this.most)) : 0,
      mean: this.mean(),
      histogram: this.encode(),
    };
  }

  mean() {
    let sum = 0;
    this.counts.forEach((count, index) => {
      if (count) sum += count * Math.floor((lowestAt(index) + highestAt(index) + 1) / 2);
    });
    return this.count ? sum / this.count : 0;
  }

  /** HDR V2: a header, then the counters up to the largest value; a run of empty ones is one negative number. */
  encode() {
    const end = this.count ? indexOf(this.most) + 1 : 1;
    const bytes = [];
    for (let index = 0; index < end; ) {
      let empty = 0;
      while (index + empty < end && this.counts[index + empty] === 0) empty += 1;
      leb128(zigzag(empty > 1 ? -empty : this.counts[index]), bytes);
      index += Math.max(1, empty);
    }
    const header = Buffer.alloc(HEADER);
    header.writeUInt32BE(COOKIE, 0);
    header.writeUInt32BE(bytes.length, 4);
    header.writeUInt32BE(0, 8); // offset of the first counter
    header.writeUInt32BE(DIGITS, 12);
    header.writeBigUInt64BE(BigInt(LOWEST), 16);
    header.writeBigUInt64BE(BigInt(HIGHEST), 24);
    header.writeDoubleBE(1, 32); // integers are values themselves
    return Buffer.concat([header, Buffer.from(bytes)]).toString("base64");
  }
}

/** The smallest value of a counter. */
function lowestAt(index) {
  return index === 0 ? 0 : highestAt(index - 1) + 1;
}

function zigzag(number) {
  return number < 0 ? -2 * number - 1 : 2 * number;
}

/** Seven bits a byte, the lowest first. Counts are below 2^33 here, so that the form for nine bytes never comes. */
function leb128(number, bytes) {
  while (number >= 128) {
    bytes.push((number % 128) | 128);
    number = Math.floor(number / 128);
  }
  bytes.push(number);
}
