// The schema of a chat request as a whole, and the check that requests go through:
// the same fields and the same sense, but at the pace of JSON.parse.
//
// zod walks all fifty fields of its object, absent ones too, and every message of a
// history: 142 µs for 200 messages, where JSON.parse takes 40. So only the fields
// that are there are asked for, and a quick look vouches for plain messages.
// Rejected: z.compile (25 µs, but 15 ms of start-up and 10 KB). test/unit/chat
// proves that both accept the same requests.

import * as z from 'zod/mini';
import { ISSUES_SHOWN_MAX } from '../../config/limits.ts';
import { messageSchema } from './messages.ts';
import { isPlainMessage } from './plain.ts';
import { type ChatBody, FIELDS, IGNORED_FIELDS, REFUSED_FIELDS } from './fields.ts';
import { type Issue, plainIssues } from './issues.ts';
import { isObject } from './json.ts';
import { anything, closed, optional } from './field-types.ts';
import { checkSense } from './cross-field.ts';

const ignored = fields(IGNORED_FIELDS, optional(anything));
const refused = fields([...REFUSED_FIELDS.keys()], optional(z.null()));

/** A chat request, whole: the API's description is made from it. */
export const chatRequestSchema = closed({ ...FIELDS, ...ignored, ...refused }).check(({ value, issues }) => {
  const senseless: Issue[] = [];
  checkSense(value, senseless);
  for (const { path, message } of senseless) {
    issues.push({ code: 'custom', path: [...path], message, input: value });
  }
});

/**
 * @param value - anything that JSON can say.
 * @param extraParams - fields beyond the schema that are let through.
 * @param issues - takes what is wrong with it, in its own order; once there are
 *   more than ISSUES_SHOWN_MAX, no more are looked for.
 * @returns whether it is a chat request.
 */
export function checkRequest(
  value: unknown,
  extraParams: ReadonlySet<string>,
  issues: Issue[],
): value is ChatBody {
  if (!isObject(value)) {
    issues.push({ path: [], message: 'expected an object' });
    return false;
  }
  for (const name of REQUIRED) {
    if (!Object.hasOwn(value, name)) issues.push({ path: [name], message: 'expected, but missing' });
  }
  for (const name in value) {
    if (issues.length > ISSUES_SHOWN_MAX) break;
    const field = value[name];
    if (name === 'messages' && Array.isArray(field) && field.length > 0) checkMessages(field, issues);
    else checkField(name, field, extraParams, issues);
  }
  if (issues.length <= ISSUES_SHOWN_MAX) checkSense(value, issues);
  return issues.length === 0;
}

const REQUIRED = ['model', 'messages'] as const;
const schemas: ReadonlyMap<string, z.core.$ZodType> = new Map(Object.entries({ ...ignored, ...FIELDS }));

function checkField(name: string, value: unknown, extraParams: ReadonlySet<string>, issues: Issue[]): void {
  const schema = schemas.get(name) ?? (extraParams.has(name) ? anything : undefined);
  if (schema !== undefined) return check(schema, value, [name], issues);
  const refusal = REFUSED_FIELDS.get(name);
  if (refusal !== undefined && value === null) return;
  const known = [...schemas.keys(), ...extraParams];
  issues.push({ path: [name], known, ...(refusal !== undefined && { message: refusal }) });
}

function checkMessages(messages: readonly unknown[], issues: Issue[]): void {
  for (let index = 0; index < messages.length && issues.length <= ISSUES_SHOWN_MAX; index++) {
    const message = messages[index];
    if (!isPlainMessage(message)) check(messageSchema, message, ['messages', index], issues);
  }
}

function check(schema: z.core.$ZodType, value: unknown, path: readonly PropertyKey[], issues: Issue[]): void {
  const result = z.safeParse(schema, value);
  for (const issue of result.error?.issues ?? []) issues.push(...plainIssues(issue, path));
}

function fields<T>(names: readonly string[], schema: T): Record<string, T> {
  return Object.fromEntries(names.map((name) => [name, schema]));
}
