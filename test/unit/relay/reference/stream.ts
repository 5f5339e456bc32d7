// A whole stream rewritten at once, as WHATWG HTML §9.2.6 and the contract word it.
// Bytes are the characters of a latin1 string here, so that broken UTF-8 stays what it is.

import type { RewriteOptions } from '../../../../src/relay/rewriter.ts';
import { readUpstreamError } from '../../../../src/upstream/upstream-error.ts';
import { isComplete, newState, rewriteDocument, usageChunk } from './rules.ts';

interface Line {
  readonly text: string;
  readonly lineEnd: string;
  /** Its value, if it is a data line. */
  readonly data: string | null;
}

export interface Expected {
  /** All that goes out but the error event. */
  readonly text: string;
  /** How the stream failed; null if it didn't. */
  readonly code: string | null;
}

export function rewriteStream(stream: string, options: RewriteOptions): Expected {
  const state = newState(options.choices);
  let out = '';
  let block: Line[] = [];
  let isError = false;

  const lastUsage = (): string => {
    const chunk = usageChunk(options, state);
    return chunk === null ? '' : `${dataLines(chunk, '\n')}\n`;
  };

  for (const [, text = '', lineEnd = ''] of stream
    .replace(/^\xef\xbb\xbf/, '')
    .matchAll(/([^\r\n]*)(\r\n|\r|\n)/g)) {
    if (text !== '') {
      if (text.startsWith(':') && block.length === 0) {
        out += text + lineEnd;
        continue;
      }
      const [, field = text, value = ''] = /^([^:]*):? ?(.*)$/s.exec(text) ?? [];
      if (field === 'event') isError = value === 'error';
      block.push({ text, lineEnd, data: field === 'data' ? value : null });
      continue;
    }

    const data = block.flatMap((line) => (line.data === null ? [] : [line.data])).join('\n');
    const raw = block.map((line) => line.text + line.lineEnd).join('');
    const hasData = block.some((line) => line.data !== null);
    if (!hasData) {
      out += raw + lineEnd;
    } else if (isError) {
      return { text: out, code: readUpstreamError(data).code };
    } else if (/^[ \t\n\r]*$/.test(data)) {
      out += replaceData(block, '') + lineEnd;
    } else if (/^[ \t\n\r]*\[DONE\][ \t\n\r]*$/.test(data)) {
      return { text: out + lastUsage() + raw + (block.at(-1)?.lineEnd ?? ''), code: null };
    } else {
      const outcome = rewriteDocument(data, 'chunk', options, state);
      if (outcome === 'error') return { text: out, code: readUpstreamError(data).code };
      if (outcome === 'malformed') return { text: out, code: 'upstream_malformed' };
      const first = block.find((line) => line.data !== null);
      out +=
        (outcome.text === data ? raw : replaceData(block, dataLines(outcome.text, first?.lineEnd ?? ''))) +
        lineEnd;
    }
    block = [];
    isError = false;
  }
  if (!isComplete(state)) return { text: out, code: 'upstream_truncated' };
  return { text: `${out}${lastUsage()}data: [DONE]\n\n`, code: null };
}

function dataLines(data: string, lineEnd: string): string {
  return data
    .split('\n')
    .map((line) => `data: ${line}${lineEnd}`)
    .join('');
}

/** One data line is changed where it stands; of several, the first makes room for all. */
function replaceData(block: Line[], lines: string): string {
  const count = block.filter((line) => line.data !== null).length;
  let isFirst = true;
  return block
    .map((line) => {
      if (line.data === null) return line.text + line.lineEnd;
      const isOnly = count === 1 && lines !== '';
      const replacement = !isFirst ? '' : isOnly ? sameStart(line, lines) : lines;
      isFirst = false;
      return replacement;
    })
    .join('');
}

/** `data:` without a space stays without. */
function sameStart(line: Line, lines: string): string {
  const value = line.data ?? '';
  return line.text.slice(0, line.text.length - value.length) + lines.slice('data: '.length);
}
