// An event stream read as a client reads it (WHATWG HTML §9.2.6), for a whole stream at once.

/** @returns the events that are dispatched; what no blank line ends is discarded. */
export function parseEvents(stream: string): { data: string; isError: boolean }[] {
  const lines = stream.replace(/^\ufeff/, '').split(/\r\n|\r|\n/);
  const events: { data: string; isError: boolean }[] = [];
  let data: string[] = [];
  let type = '';
  // The last line has no line end.
  for (const line of lines.slice(0, -1)) {
    const [, name, value = ''] = /^([^:]*)(?::\x20?([^]*))?$/.exec(line) ?? [];
    if (line === '') {
      if (data.length > 0) events.push({ data: data.join('\n'), isError: type === 'error' });
      data = [];
      type = '';
    } else if (name === 'data') data.push(value);
    else if (name === 'event') type = value;
  }
  return events;
}
