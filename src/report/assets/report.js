// Filter, sorting and values at the pointer. The page is whole without it: all charts and tables are there, unfiltered.
(() => {
  "use strict";
  const form = document.getElementById("filter");
  const selects = [...form.querySelectorAll("select")];
  const tagged = [...document.querySelectorAll("main [data-workload]")];
  const links = [...document.querySelectorAll("nav a")];
  const count = document.getElementById("count");
  const tip = document.getElementById("tip");

  // The filter lives in the address, so that a link keeps it: #wait=block&pin=same&at=latency
  const read = () => new URLSearchParams(location.hash.slice(1));
  const wanted = () => selects.filter((select) => select.value).map((select) => [select.name, select.value]);
  const address = (at) => {
    const parts = new URLSearchParams(wanted());
    if (at) parts.set("at", at);
    return "#" + parts;
  };

  const apply = () => {
    const chosen = wanted();
    const matches = (element) => chosen.every(([name, value]) => (element.dataset[name] || "").split(" ").includes(value));
    for (const element of tagged) {
      if (element.classList.contains("mark")) element.classList.toggle("faded", !matches(element));
      else element.hidden = !matches(element);
    }
    for (const section of document.querySelectorAll("main section[data-kind]")) {
      section.hidden = !section.querySelector("figure:not([hidden])");
    }
    const shown = (selector) => {
      const all = [...document.querySelectorAll(selector)];
      return `${all.filter((element) => !element.hidden).length} of ${all.length}`;
    };
    count.textContent = `${shown("figure")} charts, ${shown("#cases tbody tr")} cases`;
    for (const link of links) link.href = address(link.dataset.at);
  };

  const fromAddress = () => {
    const parts = read();
    for (const select of selects) {
      const value = parts.get(select.name) || "";
      select.value = [...select.options].some((option) => option.value === value) ? value : "";
    }
    apply();
    go(parts.get("at") || location.hash.slice(1));
  };

  // To a part of the page, with the focus: the next Tab goes on from there.
  const go = (name) => {
    const at = document.getElementById(name);
    if (!at) return;
    at.tabIndex = -1;
    at.scrollIntoView();
    at.focus({ preventScroll: true });
  };
  for (const link of links) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      keep(address(link.dataset.at));
      go(link.dataset.at);
    });
  }

  // Changes the address where that is allowed without a jump; what a file may not do, a hash still may.
  const keep = (hash) => {
    try { history.replaceState(null, "", hash); } catch { location.hash = hash; }
  };
  form.addEventListener("change", () => { keep(address()); apply(); });
  form.addEventListener("reset", (event) => {
    event.preventDefault();
    for (const select of selects) select.value = "";
    keep(address());
    apply();
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  addEventListener("hashchange", fromAddress);

  // Sorting: by the numbers behind the cells where there are any.
  for (const table of document.querySelectorAll("table.sortable")) {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      head.querySelector("button").addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        const key = (row) => { const cell = row.cells[column]; return cell.dataset.sort ?? cell.textContent; };
        const rank = (a, b) => {
          const [x, y] = [key(a), key(b)];
          // What has no figure stays below.
          if (x === "" || y === "") return (x === "") - (y === "");
          const [n, m] = [Number(x), Number(y)];
          const order = Number.isNaN(n) || Number.isNaN(m) ? x.localeCompare(y) : n - m;
          return down ? -order : order;
        };
        const body = table.tBodies[0];
        body.append(...[...body.rows].sort(rank));
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
      });
    });
  }

  // Values: at the pointer, and by the arrow keys in a chart that has the focus.
  for (const mark of document.querySelectorAll("figure .mark")) {
    const title = mark.querySelector("title");
    if (title) { mark.dataset.tip = title.textContent; title.remove(); }
  }
  let here = null;
  const show = (mark) => {
    if (here) here.classList.remove("here");
    here = mark;
    tip.hidden = !mark;
    if (!mark) return;
    mark.classList.add("here");
    tip.textContent = mark.dataset.tip;
    const box = (mark.querySelector(".sign, rect") || mark).getBoundingClientRect();
    tip.style.left = `${Math.max(4, Math.min(box.left + 12, innerWidth - tip.offsetWidth - 4))}px`;
    tip.style.top = `${box.top - tip.offsetHeight - 8 < 0 ? box.bottom + 8 : box.top - tip.offsetHeight - 8}px`;
  };
  document.addEventListener("pointerover", (event) => show(event.target.closest?.("figure .mark")));
  document.addEventListener("focusout", () => show(null));
  // A chart takes the focus by Tab, not by a click, after which arrow keys would no longer scroll.
  for (const chart of document.querySelectorAll("svg.chart")) chart.addEventListener("mousedown", (event) => event.preventDefault());
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") return show(null);
    const chart = document.activeElement?.closest?.("svg.chart");
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!chart || !step) return;
    event.preventDefault();
    const marks = [...chart.querySelectorAll(".mark:not(.faded)")];
    const at = marks.indexOf(here);
    if (marks.length) show(marks[at < 0 ? (step > 0 ? 0 : marks.length - 1) : (at + step + marks.length) % marks.length]);
  });

  fromAddress();
})();
