// The client's end of a relay: what is written here leaves in the answer's body.

/** Where a relay writes to. Nothing here rejects or throws; that the client has gone is told by `onGone`. */
export interface Outlet {
  /** The answer's body. */
  readonly readable: ReadableStream<Uint8Array>;
  /** All that was written has been taken, and more can be. */
  readonly isWanting: boolean;
  write(bytes: Uint8Array): void;
  /** @returns when all that was written has been taken, or never will be. One may wait at a time. */
  taken(): Promise<void>;
  /** Ends the body behind what has been written. */
  close(): void;
  /** Breaks the body: nobody is there any more. */
  abort(reason: unknown): void;
}

/**
 * A body that the runtime pulls from: it asks when it has sent what it had.
 *
 * Rejected: writing into an IdentityTransformStream. It costs the same CPU, but the
 * runtime empties it through a buffer of 64 KB, zeroed, that every open stream holds.
 */
export class PulledOutlet implements Outlet {
  readonly readable: ReadableStream<Uint8Array>;
  /** The runtime has asked for bytes and not got them yet. */
  isWanting = false;
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null;
  #tellTaken: () => void = ignore;

  constructor(onGone: () => void) {
    this.readable = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        // Without a promise: the runtime asks once for each read, and waits in the read.
        pull: () => {
          this.isWanting = true;
          this.#tellTaken();
        },
        cancel: onGone,
      },
      // Nothing is asked for ahead: what isn't wanted yet stays upstream.
      { highWaterMark: 0 },
    );
  }

  write(bytes: Uint8Array): void {
    this.isWanting = false;
    this.#controller?.enqueue(bytes);
  }

  async taken(): Promise<void> {
    if (!this.isWanting && this.#controller !== null)
      await new Promise<void>((resolve) => (this.#tellTaken = resolve));
  }

  close(): void {
    this.#controller?.close();
    this.#controller = null;
    this.#tellTaken();
  }

  abort(reason: unknown): void {
    this.#controller?.error(reason);
    this.#controller = null;
    this.#tellTaken();
  }
}

/** A body that the runtime can fill by itself from another one. */
export class PipedOutlet implements Outlet {
  readonly readable: ReadableStream<Uint8Array>;
  readonly #writable: WritableStream<Uint8Array>;
  readonly #onGone: () => void;
  /** Null while a pipe has the stream. */
  #writer: WritableStreamDefaultWriter<Uint8Array> | null;
  #untaken = 0;
  #lastTaken: Promise<void> = Promise.resolve();

  constructor(onGone: () => void) {
    const { readable, writable } = new IdentityTransformStream();
    this.readable = readable;
    this.#writable = writable;
    this.#onGone = onGone;
    this.#writer = this.#takeWriter();
  }

  get isWanting(): boolean {
    return this.#writer !== null && this.#untaken === 0;
  }

  /**
   * Hands a body to the runtime, without a turn of JS until its end.
   * @throws what broke it.
   */
  async pipe(body: ReadableStream<Uint8Array>): Promise<void> {
    const writer = this.#writer;
    this.#writer = null;
    writer?.releaseLock();
    try {
      await body.pipeTo(this.#writable, { preventClose: true, preventAbort: true });
    } finally {
      this.#writer = this.#takeWriter();
    }
  }

  write(bytes: Uint8Array): void {
    this.#lastTaken = this.#write(bytes);
  }

  taken(): Promise<void> {
    return this.#lastTaken;
  }

  close(): void {
    // Fails if the client has gone meanwhile: that is no news any more.
    this.#writer?.close().catch(ignore);
  }

  abort(reason: unknown): void {
    this.#writer?.abort(reason).catch(ignore);
  }

  async #write(bytes: Uint8Array): Promise<void> {
    this.#untaken++;
    try {
      await this.#writer?.write(bytes);
    } catch {
      this.#onGone();
    }
    this.#untaken--;
  }

  #takeWriter(): WritableStreamDefaultWriter<Uint8Array> {
    const writer = this.#writable.getWriter();
    writer.closed.catch(() => {
      if (this.#writer === writer) this.#onGone();
    });
    return writer;
  }
}

function ignore(): void {}
