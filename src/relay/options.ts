// What the relay is told about a request, and what it tells about the answer.

import type { Config, ReasoningFormat, StreamShape } from '../config/config.ts';

export interface RewriteOptions {
  /** The name that reasoning goes out under; `hidden`: not at all. */
  readonly reasoning: ReasoningFormat;
  /** `openai`: StepFun's quirks are mended. `stepfun`: chunks as they come, reasoning aside. */
  readonly shape: StreamShape;
  /** When the request was made, in seconds since the epoch: stands in for `created: 0`. */
  readonly created: number;
  /** How many choices were asked for (`n`). */
  readonly choices: number;
  /** `stream_options.include_usage`. */
  readonly includeUsage: boolean;
  /** Texts that must not stand in an error message: the keys in use. */
  readonly secrets?: readonly string[];
  /** Whose key is used: trouble with the client's own is the client's to know. */
  readonly keySource?: Config['upstream']['keySource'];
}
