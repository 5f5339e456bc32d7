// Looking into values that nobody has checked.

/** @returns a member of a parsed value; undefined where the value is no object. */
export function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
