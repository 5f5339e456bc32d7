// The places in a chunk or completion that the rules look at. A place that is not
// named here is never changed, and nothing that stands elsewhere under the same
// name is taken for it (a `reasoning` in tool arguments is just text).

import { Path } from './scan.ts';

export const ROOT = 0;
export const CREATED = 1;
export const CHOICES = 2;
export const CHOICE = 3;
export const INDEX = 4;
export const FINISH_REASON = 5;
export const DELTA = 6;
export const MESSAGE = 7;
export const ROLE = 8;
export const REASONING = 9;
export const REASONING_CONTENT = 10;
export const TOOL_CALLS = 11;
export const TOOL_CALL = 12;
export const CALL_INDEX = 13;
export const CALL_ID = 14;
export const CALL_TYPE = 15;
export const CALL_FUNCTION = 16;
export const CALL_NAME = 17;
export const USAGE = 18;
export const ERROR = 19;
export const SYSTEM_FINGERPRINT = 20;

const call = Path.object(TOOL_CALL, '', [
  Path.object(CALL_INDEX, 'index'),
  Path.object(CALL_ID, 'id'),
  Path.object(CALL_TYPE, 'type'),
  Path.object(CALL_FUNCTION, 'function', [Path.object(CALL_NAME, 'name')]),
]);

/** What a delta and a message have in common. */
const said = [
  Path.object(ROLE, 'role'),
  Path.object(REASONING, 'reasoning'),
  Path.object(REASONING_CONTENT, 'reasoning_content'),
  Path.array(TOOL_CALLS, 'tool_calls', call),
];

const choice = Path.object(CHOICE, '', [
  Path.object(INDEX, 'index'),
  Path.object(DELTA, 'delta', said),
  Path.object(MESSAGE, 'message', said),
  Path.object(FINISH_REASON, 'finish_reason'),
]);

/** Chunks and completions alike: a `message` in a chunk is no place to hide reasoning. */
export const ANSWER_PATH = Path.object(ROOT, '', [
  Path.object(CREATED, 'created'),
  Path.array(CHOICES, 'choices', choice),
  Path.object(USAGE, 'usage'),
  Path.object(ERROR, 'error'),
  Path.object(SYSTEM_FINGERPRINT, 'system_fingerprint'),
]);
