/** A mistake of the command's user, or a failure outside; its message is all that is printed. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}
