// The sum of what happened within the last GATE_WINDOW_MS: requests or tokens. Sliding.
// Rejected: a token bucket, which lets twice the limit into one window.

import { GATE_WINDOW_MS } from '../../config/limits.ts';

interface Entry {
  readonly atMs: number;
  readonly amount: number;
}

export class SlidingWindow {
  #entries: Entry[] = [];
  /** Index of the oldest entry that counts: removing from an array's start is O(n). */
  #first = 0;
  #sum = 0;

  add(atMs: number, amount: number): void {
    this.#entries.push({ atMs, amount });
    this.#sum += amount;
  }

  sum(nowMs: number): number {
    for (;;) {
      const entry = this.#entries[this.#first];
      if (entry === undefined || entry.atMs + GATE_WINDOW_MS > nowMs) break;
      this.#sum -= entry.amount;
      this.#first++;
    }
    if (this.#first > this.#entries.length / 2) {
      this.#entries = this.#entries.slice(this.#first);
      this.#first = 0;
    }
    return this.#sum;
  }

  /** @returns in how many ms the sum is at most this, if nothing is added; 0: it is already. */
  msUntilAtMost(limit: number, nowMs: number): number {
    let sum = this.sum(nowMs);
    for (let index = this.#first; sum > limit; index++) {
      const entry = this.#entries[index];
      if (entry === undefined) return GATE_WINDOW_MS;
      sum -= entry.amount;
      if (sum <= limit) return entry.atMs + GATE_WINDOW_MS - nowMs;
    }
    return 0;
  }
}
