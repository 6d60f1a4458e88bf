// Before the first paint: the theme and language chosen last time, so that nothing flashes.
(() => {
  const kept = (name) => {
    try {
      return localStorage.getItem(name);
    } catch {
      return null;
    }
  };
  const root = document.documentElement;
  const theme = kept("parley.theme");
  if (theme) root.dataset.theme = theme;
  const chinese = (kept("parley.language") ?? navigator.language).startsWith("zh");
  root.lang = chinese ? "zh-CN" : "en";
})();
