// Reads JSON whose shape is not trusted.

/**
 * @param {unknown} value
 * @param {string | number} name
 * @returns {unknown} the value's own field, or undefined.
 */
export function field(value, name) {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;
}

/**
 * @param {unknown} value
 * @returns {string} '' for anything but a string.
 */
export function text(value) {
  return typeof value === 'string' ? value : '';
}

/**
 * @param {unknown} value
 * @returns {readonly unknown[]} empty for anything but an array.
 */
export function list(value) {
  return Array.isArray(value) ? value : [];
}

/**
 * @param {string} source
 * @returns {unknown} `undefined` where it is not JSON.
 */
export function parseJson(source) {
  try {
    return JSON.parse(source);
  } catch {
    return undefined;
  }
}
