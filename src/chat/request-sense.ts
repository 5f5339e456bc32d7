// Sense across fields: what no field by itself can be right or wrong about.

import { ISSUES_SHOWN_MAX } from '../limits.ts';
import type { Message } from './messages.ts';
import { reasoningEfforts } from './models.ts';
import type { ChatBody } from './request-fields.ts';
import type { Issue } from './request-issues.ts';

/** @returns what in a request contradicts something else in it, or its model. */
export function contradictions(body: ChatBody): Issue[] {
  const issues: Issue[] = [];
  const expect = (met: boolean, path: readonly PropertyKey[], message: string): void => {
    if (!met && issues.length <= ISSUES_SHOWN_MAX) issues.push({ path, message });
  };

  answeredCalls(body.messages, expect);

  expect(
    agree(body.max_tokens, body.max_completion_tokens),
    ['max_completion_tokens'],
    'expected the same as max_tokens, or only one of the two',
  );
  expect(
    agree(body.reasoning_effort, body.reasoning?.effort),
    ['reasoning', 'effort'],
    'expected the same as reasoning_effort, or only one of the two',
  );
  expect(
    typeof body.top_logprobs !== 'number' || body.logprobs === true,
    ['top_logprobs'],
    'expected only with logprobs: true',
  );
  expect(!body.stream_options || body.stream === true, ['stream_options'], 'expected only with stream: true');

  const efforts = reasoningEfforts(body.model);
  for (const [path, effort] of [
    [['reasoning_effort'], body.reasoning_effort],
    [['reasoning', 'effort'], body.reasoning?.effort],
  ] as const) {
    expect(
      !effort || efforts.includes(effort),
      path,
      `expected ${efforts.join(' or ')}: ${body.model} takes no other`,
    );
  }

  const { tool_choice: choice, tools } = body;
  if (choice === 'required') {
    expect((tools?.length ?? 0) > 0, ['tool_choice'], 'expected tools to choose from');
  } else if (typeof choice === 'object' && choice !== null) {
    const { name } = choice.function;
    const offered = tools?.some((tool) => tool.type === 'function' && tool.function.name === name) ?? false;
    expect(offered, ['tool_choice', 'function', 'name'], 'expected the name of one of the tools');
  }
  return issues;
}

type Expect = (met: boolean, path: readonly PropertyKey[], message: string) => void;

/** A tool message answers a call of an earlier assistant message. */
function answeredCalls(messages: readonly Message[], expect: Expect): void {
  const calls = new Set<string>();
  for (const [index, message] of messages.entries()) {
    if (message.role === 'assistant') {
      for (const { id } of message.tool_calls ?? []) calls.add(id);
    } else if (message.role === 'tool') {
      expect(
        calls.has(message.tool_call_id),
        ['messages', index, 'tool_call_id'],
        'expected the id of a tool call in an earlier assistant message',
      );
    }
  }
}

/** Two names of one thing: either may be missing. */
function agree<T>(one: T | null | undefined, other: T | null | undefined): boolean {
  return one === other || (one ?? undefined) === undefined || (other ?? undefined) === undefined;
}
