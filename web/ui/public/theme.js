// Before the first paint, so that the light theme does not flash dark. A file of its own, because
// the content policy allows no inline script.
try {
  if (localStorage.getItem('evident.theme') === 'light') document.documentElement.dataset.theme = 'light';
} catch {
  // Storage may be refused; the dark default stays.
}
