/** A wrong command line, or a failure of wrangler. Only its message is printed. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}
