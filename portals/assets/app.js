// What pages do beyond plain links and forms. Nothing here is needed to use them.
(function () {
  "use strict";
  var doc = document, root = doc.documentElement;

  // What only a page without scripts needs is hidden.
  root.classList.add("scripted");

  function toast(text) {
    var line = doc.createElement("div");
    line.className = "toast-line notice notice-success";
    line.setAttribute("role", "status");
    line.dataset.toast = "";
    line.textContent = text;
    doc.getElementById("toasts").append(line);
    dismiss(line);
  }

  // A toast goes after six seconds, but never while somebody reads it.
  function dismiss(line) {
    var timer;
    function start() { timer = setTimeout(function () { line.remove(); }, 6000); }
    function stop() { clearTimeout(timer); }
    line.addEventListener("pointerenter", stop);
    line.addEventListener("pointerleave", start);
    line.addEventListener("focusin", stop);
    line.addEventListener("focusout", start);
    start();
  }

  function ready(scope) {
    scope.querySelectorAll("[data-copy][hidden]").forEach(function (button) { button.hidden = false; });
    scope.querySelectorAll("[data-toast]").forEach(dismiss);
    var focus = scope.querySelector("[data-focus]");
    if (focus) focus.focus();
  }

  doc.addEventListener("click", function (event) {
    var target = event.target;
    if (!(target instanceof Element)) return;
    var opener = target.closest("[data-dialog]");
    if (opener) {
      var dialog = doc.getElementById(opener.dataset.dialog);
      if (dialog && dialog.showModal) {
        event.preventDefault();
        dialog.removeAttribute("popover");
        if (!dialog.open) dialog.showModal();
      }
      return;
    }
    var closer = target.closest("[data-close]");
    if (closer && closer.closest("dialog[open]")) {
      event.preventDefault();
      closer.closest("dialog").close();
      return;
    }
    var copy = target.closest("[data-copy]");
    if (copy && navigator.clipboard) {
      navigator.clipboard.writeText(copy.dataset.copy).then(function () { toast(root.dataset.copied || "✓"); });
      return;
    }
    doc.querySelectorAll("details[data-menu][open]").forEach(function (menu) {
      if (!menu.contains(target)) menu.open = false;
    });
  });

  // The server keeps the choice in a cookie; the page follows at once.
  doc.addEventListener("submit", function (event) {
    var form = event.target;
    if (!form.matches("[data-theme-form]") || !event.submitter) return;
    event.preventDefault();
    var theme = event.submitter.value, body = new URLSearchParams(new FormData(form));
    body.set("theme", theme);
    root.dataset.theme = theme;
    root.setAttribute("data-bs-theme", theme);
    fetch(form.action, { method: "POST", body: body, redirect: "manual" });
  });

  doc.addEventListener("keydown", function (event) {
    var typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName) || event.target.isContentEditable;
    var search = doc.querySelector("[data-search]");
    if (search && ((event.key === "k" && (event.ctrlKey || event.metaKey)) || (event.key === "/" && !typing))) {
      event.preventDefault();
      search.focus();
      search.select();
    }
    if (event.key === "Escape") {
      doc.querySelectorAll("details[data-menu][open]").forEach(function (menu) {
        menu.open = false;
        menu.querySelector("summary").focus();
      });
    }
  });

  // Charts: the column under the pointer, or chosen with the arrow keys, is read out beside the plot.
  function show(figure, column) {
    var tip = figure.querySelector(".tip");
    if (!tip) {
      tip = doc.createElement("p");
      tip.className = "tip";
      tip.setAttribute("aria-live", "polite");
      figure.append(tip);
    }
    figure.querySelectorAll(".hover.on").forEach(function (old) { old.classList.remove("on"); });
    if (!column) { tip.hidden = true; return; }
    column.classList.add("on");
    tip.hidden = false;
    tip.textContent = column.querySelector("title").textContent;
    var box = column.getBoundingClientRect(), frame = figure.getBoundingClientRect();
    tip.classList.toggle("tip-start", box.left + box.width / 2 > frame.left + frame.width / 2);
  }
  doc.addEventListener("pointermove", function (event) {
    var target = event.target;
    if (!(target instanceof Element)) return;
    var column = target.closest("rect.hover"), figure = target.closest("figure.chart");
    doc.querySelectorAll("figure.chart .tip:not([hidden])").forEach(function (tip) {
      if (tip.parentElement !== figure) show(tip.parentElement, null);
    });
    if (figure && column) show(figure, column);
  });
  doc.addEventListener("keydown", function (event) {
    var figure = event.target instanceof Element ? event.target.closest("figure.chart") : null;
    var step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!figure || !step) return;
    event.preventDefault();
    var columns = Array.from(figure.querySelectorAll("rect.hover"));
    var at = columns.findIndex(function (column) { return column.classList.contains("on"); });
    show(figure, columns[Math.max(0, Math.min(columns.length - 1, at < 0 ? 0 : at + step))]);
  });

  // Live parts: what the stream does is said; while it is away the page is asked for now and then.
  function streaming(event, on) {
    event.target.dataset.stream = on ? "on" : "";
    doc.querySelectorAll("[data-live-state]").forEach(function (line) {
      line.hidden = false;
      line.children[0].hidden = !on;
      line.children[1].hidden = on;
    });
  }
  doc.addEventListener("htmx:sse:after:connection", function (event) { streaming(event, true); });
  ["htmx:sse:before:connection", "htmx:sse:error", "htmx:sse:close"].forEach(function (name) {
    doc.addEventListener(name, function (event) { streaming(event, false); });
  });
  if (doc.querySelector("[data-poll]")) setInterval(function () {
    if (doc.hidden || !window.htmx || doc.querySelector("[data-stream=on]")) return;
    doc.querySelectorAll("[data-poll]").forEach(function (part) { window.htmx.trigger(part, "poll"); });
  }, 15000);

  // A form that is on its way cannot be sent twice.
  doc.addEventListener("submit", function (event) {
    var form = event.target;
    if (event.defaultPrevented || form.method !== "post") return;
    setTimeout(function () {
      form.querySelectorAll("button[type=submit]").forEach(function (button) { button.disabled = true; });
    }, 0);
  });
  addEventListener("pageshow", function (event) {
    if (event.persisted) doc.querySelectorAll("button[type=submit][disabled]").forEach(function (button) { button.disabled = false; });
  });

  ready(doc);
  doc.addEventListener("htmx:after:swap", function (event) { ready(event.target instanceof Element ? event.target : doc); });
})();
