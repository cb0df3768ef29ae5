"use strict";
(() => {
  const all = (query, within = document) => [...within.querySelectorAll(query)];
  const told = document.getElementById("told");

  const copied = async (pre) => {
    try {
      await navigator.clipboard.writeText(pre.textContent);
      return true;
    } catch {  // no clipboard for a page that came over plain HTTP
      getSelection().selectAllChildren(pre);
      return document.execCommand("copy");
    }
  };
  for (const pre of all("pre.copy")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copier";
    button.textContent = "Copy";
    button.setAttribute("aria-label", "Copy " + pre.dataset.what);
    button.onclick = async () => {
      button.textContent = (await copied(pre)) ? "Copied" : "Selected: press Ctrl+C";
      told.textContent = button.textContent;
      setTimeout(() => { button.textContent = "Copy"; told.textContent = ""; }, 2000);
    };
    pre.before(button);
  }

  const filter = document.getElementById("filter");
  const boxes = all("input[type=checkbox]", filter);
  const part = filter.querySelector("select"), words = filter.querySelector("input[type=search]");
  const rows = all("[data-verdict]").map((row) => [row, row.textContent.toLowerCase()]);
  const groups = all(".group");
  const show = () => {
    const wanted = boxes.filter((box) => box.checked).map((box) => box.value);
    const needed = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0, of = 0;
    for (const [row, text] of rows) {
      row.hidden = (wanted.length > 0 && !wanted.includes(row.dataset.verdict))
        || (part.value !== "" && part.value !== row.dataset.part)
        || !needed.every((word) => text.includes(word));
      if (row.closest("#all")) { of += 1; shown += !row.hidden; }
    }
    for (const group of groups) group.hidden = !group.querySelector("[data-verdict]:not([hidden])");
    for (const more of all(".alike")) more.hidden = !more.querySelector("article:not([hidden])");
    filter.querySelector("output").textContent = shown < of ? `${shown} of ${of} requirements` : "";
  };
  const reset = () => {
    for (const box of boxes) box.checked = false;
    part.value = words.value = "";
    show();
  };
  filter.oninput = show;
  filter.querySelector("button").onclick = reset;
  filter.hidden = false;

  const reveal = () => {  // what a link leads to is never folded away or filtered out
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    if (target.closest("[hidden]")) reset();
    for (let each = target; each; each = each.parentElement) if (each.localName === "details") each.open = true;
    target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  if (location.hash) reveal();
})();
