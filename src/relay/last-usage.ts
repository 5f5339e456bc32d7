// The last chunk of a stream that told the usage: noted where it lies, for each chunk
// of StepFun's tells it, and copied once a push, since its bytes go with the push.

import type { Usage } from '../http/usage.ts';
import { readUsage } from './usage.ts';

export class LastUsage {
  #source: Uint8Array | null = null;
  #start = 0;
  #end = 0;
  #usageStart = 0;
  #usageEnd = 0;
  #kept: Uint8Array | null = null;

  note(bytes: Uint8Array, start: number, end: number, usageStart: number, usageEnd: number): void {
    this.#source = bytes;
    this.#start = start;
    this.#end = end;
    this.#usageStart = usageStart - start;
    this.#usageEnd = usageEnd - start;
  }

  /** @returns the chunk's JSON, safe from here on; null if there was none. */
  keep(): Uint8Array | null {
    if (this.#source !== null) {
      this.#kept = this.#source.slice(this.#start, this.#end);
      this.#source = null;
    }
    return this.#kept;
  }

  read(): Usage | null {
    const chunk = this.keep();
    return chunk === null ? null : readUsage(chunk, this.#usageStart, this.#usageEnd);
  }
}
