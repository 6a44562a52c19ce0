"use strict";
(() => {
  const root = document.documentElement;
  root.classList.add("js");
  const said = document.getElementById("said");
  const say = (text) => { said.textContent = text; };

  // Theme: system, dark, light. A browser may refuse storage for local files.
  const themes = ["system", "dark", "light"];
  const button = document.getElementById("theme");
  const remembered = () => {
    try { return localStorage.getItem("mfplug-theme"); } catch { return null; }
  };
  const show = (theme) => {
    if (theme === "system") root.removeAttribute("data-theme");
    else root.dataset.theme = theme;
    button.textContent = `Theme: ${theme}`;
  };
  let theme = themes.includes(remembered()) ? remembered() : "system";
  show(theme);
  button.addEventListener("click", () => {
    theme = themes[(themes.indexOf(theme) + 1) % themes.length];
    try { localStorage.setItem("mfplug-theme", theme); } catch { /* not kept */ }
    show(theme);
  });

  // Sorting: stable, empty cells last in either direction.
  const keyOf = (cell, numeric) => {
    const text = cell.dataset.key ?? cell.textContent;
    if (!numeric) return text;
    return text === "" ? null : Number(text);
  };
  const compare = (a, b, numeric) =>
    numeric ? a - b : a.localeCompare(b, "en", { numeric: true });
  const sort = (table, column, descending) => {
    const heads = [...table.tHead.rows[0].cells];
    const numeric = "number" in heads[column].dataset;
    const body = table.tBodies[0];
    const rows = [...body.rows].map((row) => [keyOf(row.cells[column], numeric), row]);
    rows.sort(([a], [b]) => {
      const none = (a === null || a === "") - (b === null || b === "");
      if (none || a === null || a === "") return none;
      return compare(a, b, numeric) * (descending ? -1 : 1);
    });
    body.append(...rows.map(([, row]) => row));
    heads.forEach((head, n) => {
      const order = descending ? "descending" : "ascending";
      head.setAttribute("aria-sort", n === column ? order : "none");
    });
    say(`Sorted by ${heads[column].textContent}, ${descending ? "descending" : "ascending"}`);
  };
  for (const table of document.querySelectorAll("table.sortable")) {
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      head.querySelector("button").addEventListener("click", () =>
        sort(table, column, head.getAttribute("aria-sort") === "ascending"));
    });
  }

  // Filtering: a row stays if it holds every word.
  for (const input of document.querySelectorAll("[data-filter]")) {
    const section = input.closest("section.table");
    const rows = [...section.querySelectorAll("tbody tr")];
    const count = section.querySelector("[data-count]");
    const texts = rows.map((row) =>
      [...row.cells].map((cell) => cell.textContent).join("\n").toLowerCase());
    input.addEventListener("input", () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      rows.forEach((row, n) => {
        row.hidden = !words.every((word) => texts[n].includes(word));
        shown += row.hidden ? 0 : 1;
      });
      count.textContent = words.length ? `${shown} of ${rows.length} rows` : `${rows.length} rows`;
    });
  }

  // Claims: those of a pressed verdict and of a pressed section; none pressed is all.
  const chips = [...document.querySelectorAll(".chip")];
  const claims = [...document.querySelectorAll("#claims-table tbody tr")];
  const wanted = (kind) => chips
    .filter((c) => c.dataset.filters === kind && c.getAttribute("aria-pressed") === "true")
    .map((c) => c.dataset.value);
  const choose = () => {
    const verdicts = wanted("verdict");
    const sections = wanted("section");
    for (const row of claims) {
      row.hidden = (verdicts.length > 0 && !verdicts.includes(row.dataset.verdict))
        || (sections.length > 0 && !sections.includes(row.dataset.section));
    }
    const shown = claims.filter((row) => !row.hidden).length;
    const all = shown === claims.length;
    document.getElementById("claims-shown").textContent =
      all ? `${shown} claims` : `${shown} of ${claims.length} claims`;
  };
  for (const chip of chips) {
    chip.addEventListener("click", () => {
      const pressed = chip.getAttribute("aria-pressed") === "true";
      chip.setAttribute("aria-pressed", String(!pressed));
      choose();
    });
  }

  // Copying: where the clipboard is refused the command is selected instead.
  for (const copy of document.querySelectorAll("[data-copy]")) {
    copy.addEventListener("click", async () => {
      const code = copy.parentElement.querySelector("code");
      try {
        await navigator.clipboard.writeText(code.textContent);
        copy.textContent = "Copied";
        say("Command copied");
        setTimeout(() => { copy.textContent = "Copy"; }, 2000);
      } catch {
        getSelection().selectAllChildren(code);
        say("Command selected");
      }
    });
  }

  // On paper nothing can be opened.
  addEventListener("beforeprint", () => {
    for (const details of document.querySelectorAll("details")) details.open = true;
  });
})();
