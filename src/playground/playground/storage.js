// This browser's storage for the page. A browser can forbid it (private windows, a blocked site).

/**
 * @param {string} name
 * @returns {string | null} null if nothing is stored, or if the browser forbids storage.
 */
export function readStored(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

/**
 * @param {string} name
 * @param {string | null} value - null removes the entry.
 * @returns {boolean} whether the value is stored: false if storage is forbidden or full.
 */
export function writeStored(name, value) {
  try {
    if (value === null) localStorage.removeItem(name);
    else localStorage.setItem(name, value);
    return true;
  } catch {
    return false;
  }
}
