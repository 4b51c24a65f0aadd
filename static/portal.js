/* portal.js: what htmx may add, and nothing that a page needs. Written for old browsers (ES5), so that it can decide. */
(function () {
  "use strict";
  var me = document.currentScript;

  /* htmx 2 is written in ES2020. A browser that has these two can read it; one that cannot gets plain pages,
     without an error. (Trying the syntax itself would need eval, which our policy forbids.) */
  function canReadHtmx() {
    return typeof Promise === "function" && !!Promise.allSettled && !!window.Intl && !!Intl.DisplayNames;
  }

  /* htmx notes the address of the page in the session storage, where the next person at this desk could read it.
     Without the note it asks the location itself. */
  function leaveNoTrace() {
    try { window.sessionStorage.removeItem("htmx-current-path-for-history"); } catch (refused) { return; }
  }
  ["htmx:afterSettle", "htmx:pushedIntoHistory", "htmx:replacedInHistory", "htmx:historyRestore"].forEach(
    function (name) { document.addEventListener(name, leaveNoTrace); }
  );

  function load(url, integrity) {
    var script = document.createElement("script");
    script.src = url;
    script.integrity = integrity;
    script.crossOrigin = "anonymous";
    script.onload = leaveNoTrace;
    document.head.appendChild(script);
  }

  /* htmx waits for DOMContentLoaded unless the document is complete; a script that we add comes too late for the
     first, so it is added only when the second holds. */
  if (me && me.getAttribute("data-htmx") && canReadHtmx()) {
    var begin = function () { load(me.getAttribute("data-htmx"), me.getAttribute("data-integrity")); };
    if (document.readyState === "complete") { begin(); } else { window.addEventListener("load", begin); }
  }

  function notice(sentence) {
    var box = document.getElementById("notice");
    if (!box) { return; }
    box.className = "msg msg-red";
    box.textContent = sentence;
    box.focus();
  }

  function forms(event) {
    return event.target && event.target.tagName === "FORM" ? event.target : null;
  }

  /* A second press of the same button would send the form twice. The server answers that with the same receipt;
     this only spares the reader the wait. The button comes back when the page does (bfcache) or htmx is done. */
  document.addEventListener("submit", function (event) {
    var form = forms(event);
    if (!form || event.defaultPrevented || (form.method || "get").toLowerCase() === "get") { return; }
    if (form.getAttribute("data-sending") === "yes") { event.preventDefault(); return; }
    form.setAttribute("data-sending", "yes");
    /* A form that is answered with a download leaves the page standing. */
    window.setTimeout(function () { form.removeAttribute("data-sending"); }, 10000);
  });
  function released(root) {
    var sent = (root || document).querySelectorAll('form[data-sending="yes"]');
    for (var i = 0; i < sent.length; i += 1) { sent[i].removeAttribute("data-sending"); }
  }
  window.addEventListener("pageshow", function () { released(document); });

  document.addEventListener("htmx:afterRequest", function () { released(document); });
  document.addEventListener("htmx:sendError", function () {
    notice("网络断了，这一步没有办成。您填的内容还在页面上，连上网后请再点一次。");
  });
  document.addEventListener("htmx:timeout", function () {
    notice("平台没有回音。您填的内容还在页面上，请再点一次，不会重复办理。");
  });

  /* After a swap the reader must not be left nowhere: to the errors, to what asks for it, or to the notice. */
  document.addEventListener("htmx:afterSettle", function (event) {
    var target = event.detail && event.detail.elt;
    if (!target || !target.querySelector) { return; }
    var wanted = target.matches && target.matches("#notice, .errors, [data-focus]")
      ? target
      : target.querySelector(".errors, [data-focus]");
    if (wanted) { wanted.focus(); }
    else if (!document.activeElement || document.activeElement === document.body) {
      if (!target.hasAttribute("tabindex")) { target.setAttribute("tabindex", "-1"); }
      target.focus({ preventScroll: true });
    }
  });
})();
