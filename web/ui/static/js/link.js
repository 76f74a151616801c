// Says whether the page is still being updated.
(() => {
  const link = document.getElementById("link");
  const say = (state, text) => {
    if (link.dataset.link === state) return;
    link.dataset.link = state;
    link.textContent = text;
  };
  document.body.addEventListener("htmx:sseOpen", () => say("up", "Live"));
  document.body.addEventListener("htmx:sseError", () => say("lost", "Reconnecting…"));
})();
