// Applies the visitor's theme before the page is painted. A classic script, since a module runs
// after the first paint and a light page would flash. theme-switch.js changes it.

(() => {
  try {
    const theme = localStorage.getItem('stepfun-edge.theme');
    if (theme === 'light' || theme === 'dark') document.documentElement.dataset['theme'] = theme;
  } catch {
    // Storage is forbidden: the system's theme applies.
  }
})();
