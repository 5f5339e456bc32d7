// Sense across fields: what no field by itself can be right or wrong about.

import { ISSUES_SHOWN_MAX } from '../../config/limits.ts';
import type { Message } from './messages.ts';
import { reasoningEfforts } from '../../upstream/models.ts';
import type { ChatBody } from './fields.ts';
import type { Issue } from './issues.ts';

/**
 * Tells what in a request contradicts something else in it, or its model.
 * @param issues - what is wrong with its fields by themselves: a contradiction is
 *   looked for where all fields that it would be between are right. Takes the rest.
 */
export function checkSense(body: object, issues: Issue[]): void {
  const faulty = issues.map(({ path }) => path[0]);
  const has = <K extends keyof ChatBody>(_: object, ...fields: K[]): _ is Pick<ChatBody, K> =>
    faulty.length === 0 || !fields.some((field) => faulty.includes(field));
  const wrong = (message: string, ...path: PropertyKey[]): void => void issues.push({ path, message });

  if (has(body, 'messages')) issues.push(...unanswerable(body.messages));
  if (
    has(body, 'max_tokens', 'max_completion_tokens') &&
    differ(body.max_tokens, body.max_completion_tokens)
  ) {
    wrong('expected the same as max_tokens, or only one of the two', 'max_completion_tokens');
  }
  if (has(body, 'model', 'reasoning_effort', 'reasoning')) {
    const { model, reasoning_effort: named, reasoning } = body;
    if (differ(named, reasoning?.effort)) {
      wrong('expected the same as reasoning_effort, or only one of the two', 'reasoning', 'effort');
    }
    const effort = named ?? reasoning?.effort;
    if (effort && !reasoningEfforts(model).includes(effort)) {
      const message = `expected ${reasoningEfforts(model).join(' or ')}: ${model} takes no other`;
      wrong(message, ...(named ? ['reasoning_effort'] : ['reasoning', 'effort']));
    }
  }
  if (has(body, 'top_logprobs', 'logprobs') && typeof body.top_logprobs === 'number' && !body.logprobs) {
    wrong('expected only with logprobs: true', 'top_logprobs');
  }
  if (has(body, 'stream_options', 'stream') && body.stream_options && !body.stream) {
    wrong('expected only with stream: true', 'stream_options');
  }
  if (has(body, 'tool_choice', 'tools')) {
    const { tool_choice: choice, tools } = body;
    if (choice === 'required' && !tools?.length) wrong('expected tools to choose from', 'tool_choice');
    if (typeof choice === 'object' && choice !== null) {
      const { name } = choice.function;
      if (!tools?.some((tool) => tool.type === 'function' && tool.function.name === name)) {
        wrong('expected the name of one of the tools', 'tool_choice', 'function', 'name');
      }
    }
  }
}

/** A tool message answers a call of an earlier assistant message. */
function unanswerable(messages: readonly Message[]): Issue[] {
  const issues: Issue[] = [];
  const calls = new Set<string>();
  for (let index = 0; index < messages.length && issues.length <= ISSUES_SHOWN_MAX; index++) {
    const message = messages[index];
    if (message?.role === 'assistant') {
      for (const { id } of message.tool_calls ?? []) calls.add(id);
    } else if (message?.role === 'tool' && !calls.has(message.tool_call_id)) {
      issues.push({
        path: ['messages', index, 'tool_call_id'],
        message: 'expected the id of a tool call in an earlier assistant message',
      });
    }
  }
  return issues;
}

/** Two names of one thing may stand for the same; null and absence say nothing. */
function differ<T>(one: T | null | undefined, other: T | null | undefined): boolean {
  return (one ?? null) !== null && (other ?? null) !== null && one !== other;
}
