/* file.js: uploads chosen files at once, with progress. Without it the button below the field does the same.
   Written for old browsers (ES5). */
(function () {
  "use strict";
  var form = document.getElementById("filing");
  var busy = false;

  function say(text) {
    var line = document.getElementById("uploading");
    if (line) { line.textContent = text; }
  }

  /* The server answers with the same block that the page holds; what somebody typed elsewhere stays untouched. */
  function put(html) {
    var fresh = new DOMParser().parseFromString(html, "text/html").getElementById("files");
    var old = document.getElementById("files");
    if (!fresh || !old) { return false; }
    old.parentNode.replaceChild(document.importNode(fresh, true), old);
    var input = document.getElementById("attachments");
    if (input) { input.focus(); }
    return true;
  }

  function send(extra, words) {
    var body = new FormData();
    var asked = new XMLHttpRequest();
    var draft = form.querySelector('input[name="draft"]');
    var input = document.getElementById("attachments");
    body.append("draft", draft ? draft.value : "");
    body.append(extra[0], extra[1]);
    if (extra[0] === "upload") {
      for (var i = 0; i < input.files.length; i += 1) { body.append("attachments", input.files[i]); }
    }
    busy = true;
    say(words);
    asked.upload.onprogress = function (event) {
      if (event.lengthComputable && extra[0] === "upload") {
        say(words + "，" + Math.floor(event.loaded * 100 / event.total) + "%");
      }
    };
    asked.onload = function () {
      busy = false;
      if (!put(asked.responseText)) { say("没有传上去，请点“上传选好的文件”再试一次。"); return; }
      say(asked.status < 400 ? "好了，看下面的文件列表。" : "有文件没有收下，原因写在上面。");
    };
    asked.onerror = function () {
      busy = false;
      say("网络断了，文件没有传上去。连上网后请点“上传选好的文件”。");
    };
    asked.open("POST", form.getAttribute("action"));
    asked.setRequestHeader("HX-Request", "true");
    asked.send(body);
  }

  function pressed(event) {
    var button = event.target;
    while (button && button !== form && button.tagName !== "BUTTON") { button = button.parentNode; }
    return button && button.tagName === "BUTTON" ? button : null;
  }

  if (form && window.FormData && window.DOMParser) {
    form.addEventListener("change", function (event) {
      if (event.target.id === "attachments" && event.target.files.length && !busy) {
        send(["upload", "yes"], "正在上传 " + event.target.files.length + " 个文件");
      }
    });
    form.addEventListener("click", function (event) {
      var button = pressed(event);
      if (!button) { return; }
      if (busy) { event.preventDefault(); say("文件还在上传，请稍等。"); return; }
      if (button.name === "upload" && !document.getElementById("attachments").files.length) {
        event.preventDefault();
        say("请先选文件，选好就会自动上传。");
        return;
      }
      if (button.name === "remove") {
        event.preventDefault();
        send(["remove", button.value], "正在移除");
      }
    });
  }

  /* A second press while the first is on its way; the server would answer it with the same receipt. */
  var last = document.getElementById("send");
  if (last) {
    last.addEventListener("submit", function (event) {
      if (last.getAttribute("data-sending") === "yes") { event.preventDefault(); }
      last.setAttribute("data-sending", "yes");
    });
    window.addEventListener("pageshow", function () { last.removeAttribute("data-sending"); });
  }
})();
