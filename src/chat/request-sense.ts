// Sense across fields: what no field by itself can be right or wrong about.

import { ISSUES_SHOWN_MAX } from '../limits.ts';
import type { Message } from './messages.ts';
import { reasoningEfforts } from './models.ts';
import type { ChatBody } from './request-fields.ts';
import type { Issue } from './request-issues.ts';

/** @returns what in a request contradicts something else in it, or its model. */
export function contradictions(body: ChatBody): Issue[] {
  const issues = unanswerable(body.messages);
  const wrong = (message: string, ...path: PropertyKey[]): void => void issues.push({ path, message });

  if (differ(body.max_tokens, body.max_completion_tokens)) {
    wrong('expected the same as max_tokens, or only one of the two', 'max_completion_tokens');
  }
  if (differ(body.reasoning_effort, body.reasoning?.effort)) {
    wrong('expected the same as reasoning_effort, or only one of the two', 'reasoning', 'effort');
  }
  const effort = body.reasoning_effort ?? body.reasoning?.effort;
  if (effort && !reasoningEfforts(body.model).includes(effort)) {
    const message = `expected ${reasoningEfforts(body.model).join(' or ')}: ${body.model} takes no other`;
    wrong(message, ...(body.reasoning_effort ? ['reasoning_effort'] : ['reasoning', 'effort']));
  }
  if (typeof body.top_logprobs === 'number' && body.logprobs !== true) {
    wrong('expected only with logprobs: true', 'top_logprobs');
  }
  if (body.stream_options && body.stream !== true) wrong('expected only with stream: true', 'stream_options');

  const { tool_choice: choice, tools } = body;
  if (choice === 'required' && !tools?.length) wrong('expected tools to choose from', 'tool_choice');
  if (typeof choice === 'object' && choice !== null) {
    const { name } = choice.function;
    if (!tools?.some((tool) => tool.type === 'function' && tool.function.name === name)) {
      wrong('expected the name of one of the tools', 'tool_choice', 'function', 'name');
    }
  }
  return issues;
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
