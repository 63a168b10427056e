// Runs before the first paint when the visitor left the colours to the device.
(function () {
  var dark = matchMedia("(prefers-color-scheme: dark)");
  function apply() {
    document.documentElement.setAttribute("data-bs-theme", dark.matches ? "dark" : "light");
  }
  if (document.documentElement.dataset.theme === "auto") {
    apply();
    dark.addEventListener("change", apply);
  }
})();
