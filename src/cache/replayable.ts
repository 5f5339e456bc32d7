// What a stored completion must look like to be replayed as a stream. Less than what
// the relay takes as sound: that passes on what it doesn't know, such as a content in
// parts or arguments that are no text, but nobody can say such a thing piece by piece.
//
// One schema for both: who stores asks it, so that there is no entry without a replay,
// and the replay reads by it. Rejected: a replay that leaves out what it can't say; the
// client would get less than StepFun has answered and not know it.

import * as z from 'zod/mini';
import { decode } from '../relay/ascii.ts';
import type { Entry } from './entry.ts';

const text = z.nullish(z.string());

const schema = z.looseObject({
  choices: z.array(
    z.looseObject({
      index: z.optional(z.number()),
      message: z.looseObject({
        content: text,
        reasoning: text,
        tool_calls: z.nullish(
          z.array(z.looseObject({ function: z.nullish(z.looseObject({ arguments: text })) })),
        ),
      }),
      finish_reason: z.string(),
    }),
  ),
});

export type Replayable = z.infer<typeof schema>;
export type Message = Replayable['choices'][number]['message'];
export type ToolCall = NonNullable<Message['tool_calls']>[number];

/** @returns the entry's completion, parsed; null when it can't be said as a stream. */
export function readReplayable({ completion }: Entry): Replayable | null {
  try {
    return schema.safeParse(JSON.parse(decode(completion))).data ?? null;
  } catch {
    // KV has brought rubbish behind a sound head.
    return null;
  }
}
