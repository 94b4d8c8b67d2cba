// What every page of the admin does in the browser.  Nothing here is needed to use a page: without
// it forms are sent and answered as plain pages.
"use strict";

(() => {
  // Times are written by the server, in the zone that the browser names.
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const root = document.getElementById("vc-zone") || document.documentElement;
  if (zone && root.dataset.zone && root.dataset.zone !== zone) {
    document.cookie = `vcflow_zone=${encodeURIComponent(zone)}; path=/; max-age=31536000; samesite=lax`;
    const isKept = document.cookie.includes(`vcflow_zone=${encodeURIComponent(zone)}`);
    if (isKept && root.dataset.method === "GET" && !sessionStorage.getItem("vcflow.zone")) {
      sessionStorage.setItem("vcflow.zone", zone);
      location.reload();
      return;
    }
  }

  // A form counts as begun once something stands in it that the server didn't write.
  const isBegun = (form) =>
    Array.from(form.elements).some((field) =>
      field.matches("input[type=checkbox], input[type=radio]")
        ? field.checked !== field.defaultChecked
        : field.matches("select")
          ? Array.from(field.options).some((option) => option.selected !== option.defaultSelected)
          : field.matches("input:not([type=hidden]), textarea") && field.value !== field.defaultValue
    );

  // When a page is drawn anew, what the reader has opened stays open, and what they write stays.
  if (window.Idiomorph) {
    Idiomorph.defaults.ignoreActiveValue = true;
    Object.assign(Idiomorph.defaults.callbacks, {
      beforeAttributeUpdated: (name, node) => !(name === "open" && node.tagName === "DETAILS"),
      beforeNodeMorphed: (node, fresh) => {
        // What is another thing than before, such as the current stage, is open or not as the server says.
        if (node.tagName === "DETAILS" && node.dataset.state !== fresh.dataset.state) node.open = fresh.open;
        return !(node.tagName === "FORM" && !node.dataset.sent && isBegun(node));
      },
    });
    document.addEventListener("htmx:beforeRequest", (event) => {
      const form = event.target.closest && event.target.closest("form");
      if (form) form.dataset.sent = "yes";
    });
    // What was refused stays as it was written, to be mended and sent again.
    document.addEventListener("htmx:beforeSwap", (event) => {
      const form = event.target.closest && event.detail.requestConfig.elt.closest("form");
      if (form && /<li class="[^"]*\berror\b/.test(event.detail.xhr.responseText)) delete form.dataset.sent;
    });
    document.addEventListener("htmx:afterRequest", (event) => {
      const form = event.target.closest && event.target.closest("form");
      if (!form) return;
      const isDone = event.detail.successful && form.dataset.sent;
      delete form.dataset.sent;
      if (!isDone) return;
      if (form.isConnected) form.reset();
      const act = form.closest("details.vc-act");
      if (act) act.open = false;
    });
  }

  // What is sent twice would be made twice: a second click within ten seconds does nothing.
  const GRACE = 10000;
  const sentAt = new WeakMap();
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post") return;
    if (Date.now() - sentAt.get(form) < GRACE) event.preventDefault();
    else sentAt.set(form, Date.now());
  });
  // Who comes back to the page may send it again.
  window.addEventListener("pageshow", () => {
    for (const form of document.forms) sentAt.delete(form);
  });

  document.addEventListener("click", (event) => {
    const copier = event.target.closest("[data-copy]");
    if (copier && navigator.clipboard) {
      navigator.clipboard.writeText(document.querySelector(copier.dataset.copy).textContent.trim());
      copier.textContent = copier.dataset.copied;
    }
    // One action is open at a time.
    const summary = event.target.closest("details.vc-act > summary");
    if (summary) {
      for (const other of document.querySelectorAll("details.vc-act[open]")) {
        if (other !== summary.parentElement) other.open = false;
      }
    }
  });

  // Escape closes what was opened, and gives the focus back.
  document.addEventListener("keydown", (event) => {
    const act = event.key === "Escape" && event.target.closest && event.target.closest("details.vc-act[open]");
    if (act) {
      act.open = false;
      act.querySelector("summary").focus();
    }
  });

  document.addEventListener("change", (event) => {
    if (!event.target.matches("[data-check-all]")) return;
    for (const box of document.querySelectorAll(event.target.dataset.checkAll)) box.checked = event.target.checked;
  });
})();
