// A stream gathered for the cache while it is relayed (CACHE_STREAMS=write): the
// bytes as they come from upstream, put by beside the relay's rewriter. Nothing is
// looked at before the stream has ended, so the relay is not slowed by more than a
// copy; what it would have been as a completion is worked out after the answer.
//
// Upstream's bytes and not those of the client, which lack the reasoning where it
// is hidden. Copied and not kept: each is a small view of a read's large buffer.

import type { StreamShape } from '../config/config.ts';
import { GATHER_BYTES, LINGER_MS } from '../config/limits.ts';
import { log } from '../http/log.ts';
import { rewriteCompletion, type StreamRewriter } from '../relay/rewriter.ts';
import { assembleCompletion } from './assemble.ts';
import type { Completion } from './completion.ts';

const FIRST_BYTES = 16 * 1024;

export interface GatherOptions {
  readonly shape: StreamShape;
  readonly choices: number;
  /** Receives the completion that the stream amounts to. */
  readonly keep: (completion: Completion) => void;
  readonly waitUntil: (work: Promise<unknown>) => void;
}

export class Gatherer {
  readonly #options: GatherOptions;
  /** Null when the stream is too long to be stored. */
  #bytes: Uint8Array | null = new Uint8Array(FIRST_BYTES);
  #length = 0;

  constructor(options: GatherOptions) {
    this.#options = options;
  }

  /** @returns the rewriter, with everything pushed into it gathered too. */
  beside(rewriter: StreamRewriter): StreamRewriter {
    return {
      push: (bytes) => {
        this.#add(bytes);
        return rewriter.push(bytes);
      },
      end: () => rewriter.end(),
      fail: (error) => rewriter.fail(error),
      get done() {
        return rewriter.done;
      },
      get begun() {
        return rewriter.begun;
      },
      get failure() {
        return rewriter.failure;
      },
      get usage() {
        return rewriter.usage;
      },
    };
  }

  /** To be called when the stream has ended honestly, and only then. */
  store(): void {
    const stream = this.#bytes?.subarray(0, this.#length);
    this.#bytes = null;
    if (stream !== undefined) this.#options.waitUntil(this.#keepLater(stream));
  }

  #add(bytes: Uint8Array): void {
    if (this.#bytes === null) return;
    const length = this.#length + bytes.length;
    if (length > GATHER_BYTES) {
      this.#bytes = null;
      return;
    }
    if (length > this.#bytes.length) {
      const larger = new Uint8Array(Math.min(Math.max(2 * this.#bytes.length, length), GATHER_BYTES));
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
    }
    this.#bytes.set(bytes, this.#length);
    this.#length = length;
  }

  /**
   * The client's last bytes go first. They are written, but take some turns to leave,
   * and working it out holds the thread: for 10 ms with 600 KB. Rejected: a microtask and
   * `setTimeout(0)`. Both come too early: the client waited those 10 ms for `[DONE]`.
   */
  async #keepLater(stream: Uint8Array): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, LINGER_MS));
    this.#keep(stream);
  }

  #keep(stream: Uint8Array): void {
    const { shape, choices, keep } = this.#options;
    const body = assembleCompletion(stream);
    if (body === null) {
      log('warn', 'cache_gather_failed');
      return;
    }
    const created = Math.floor(Date.now() / 1000);
    const completion = rewriteCompletion(body, {
      reasoning: 'general',
      shape,
      created,
      choices,
      includeUsage: false,
    });
    if (completion.kind === 'completion') keep({ ...completion, attempts: 1 });
  }
}
