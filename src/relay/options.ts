// The options of rewriting, for streams, completions and replays alike.

import type { ReasoningFormat, StreamShape } from '../config/config.ts';
import type { GatewayError } from '../http/errors.ts';

export interface RewriteOptions {
  /** The name under which reasoning goes out; `hidden`: it does not go out. */
  readonly reasoning: ReasoningFormat;
  /** `openai`: StepFun's deviations are repaired. `stepfun`: chunks as they come, apart from the reasoning. */
  readonly shape: StreamShape;
  /** When the request was made, in seconds since the epoch: replaces `created: 0`. */
  readonly created: number;
  /** How many choices the client asked for (`n`). */
  readonly choices: number;
  /** `stream_options.include_usage`. */
  readonly includeUsage: boolean;
  /** Reads an error object that StepFun sent in place of an answer. */
  readonly readError: (json: string) => GatewayError;
}
