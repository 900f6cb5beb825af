"use strict";
// Shows the rows of the scope that is chosen. Texts go in as text, never as markup: tenants write some of them.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const tenant = document.getElementById("tenant");
  const currency = document.getElementById("currency");
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const words = (column) => column.replaceAll("_", " ");

  const element = (name, text, classes) => {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    if (classes) made.className = classes;
    return made;
  };

  for (const each of data.tenants) tenant.append(new Option(`${each.name} (${each.id})`, each.id));
  for (const each of data.currencies) currency.append(new Option(each, each));

  const money = (value) => {
    try {
      return new Intl.NumberFormat("en", { style: "currency", currency: currency.value, maximumFractionDigits: 0 }).format(value);
    } catch {
      return `${new Intl.NumberFormat("en", { maximumFractionDigits: 0 }).format(value)} ${currency.value}`;
    }
  };
  const short = (value, kind) => {
    if (value === null) return "–";
    if (kind === "money") return money(value);
    if (kind === "rate") return new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 1 }).format(value);
    if (kind === "count") return new Intl.NumberFormat("en").format(value);
    return String(value);
  };

  // Digit for digit, only set apart by thousands.
  const grouped = (text) => text.replace(/^-?\d+/, (whole) => whole.replace(/\B(?=(\d{3})+$)/g, ","));
  const exact = (value, kind, column) => {
    if (value === null) return "–";
    return (kind === "money" || kind === "count") && !column.endsWith("_id") ? grouped(String(value)) : String(value);
  };

  const rowsOf = (figure) => {
    const at = (name) => figure.columns.indexOf(name);
    const chosen = tenant.value === "" ? null : Number(tenant.value);
    return figure.rows.filter(
      (row) => row[at("tenant_id")] === chosen && (at("currency") < 0 || row[at("currency")] === currency.value),
    );
  };

  const table = (figure, rows, caption) => {
    const shown = figure.columns.map((_, i) => i).filter((i) => !["tenant_id", "currency"].includes(figure.columns[i]));
    const numbers = new Set(shown.filter((i) => ["money", "rate", "count"].includes(figure.kinds[i])));
    const made = element("table");
    const head = made.createTHead().insertRow();
    for (const i of shown) head.append(Object.assign(element("th", words(figure.columns[i]), numbers.has(i) ? "number" : ""), { scope: "col" }));
    const body = made.createTBody();
    for (const row of rows) {
      const line = body.insertRow();
      for (const i of shown) line.append(element("td", exact(row[i], figure.kinds[i], figure.columns[i]), numbers.has(i) ? "number" : ""));
    }
    const box = element("div", undefined, "scroll");
    box.tabIndex = 0;
    box.setAttribute("role", "region");
    box.setAttribute("aria-label", caption);
    box.append(made);
    return box;
  };

  const tiles = (figure, rows) =>
    rows.flatMap((row) =>
      figure.columns.flatMap((column, i) => {
        if (["tenant_id", "currency", "month"].includes(column)) return [];
        const tile = element("div", undefined, "tile");
        const month = row[figure.columns.indexOf("month")];
        tile.append(element("span", short(row[i], figure.kinds[i]), "value"), element("span", `${words(column)}, ${month.slice(0, 7)}`, "label"));
        return [tile];
      }),
    );

  const look = () => {
    const style = getComputedStyle(document.documentElement);
    const of = (name) => style.getPropertyValue(name).trim();
    const axis = { labelColor: of("--soft"), titleColor: of("--soft"), gridColor: of("--line"), domainColor: of("--line"), tickColor: of("--line"), titleFontWeight: "normal" };
    return {
      background: "transparent",
      font: "system-ui, sans-serif",
      view: { stroke: null },
      axis,
      legend: { labelColor: of("--ink"), titleColor: of("--soft") },
      text: { color: of("--ink") },
      bar: { color: of("--accent") },
      line: { color: of("--accent") },
      area: { color: of("--accent") },
      point: { color: of("--accent") },
    };
  };

  const chart = (figure, rows, into, question) => {
    const values = rows.map((row) =>
      Object.fromEntries(
        row.map((cell, i) => [figure.columns[i], cell !== null && ["money", "rate", "count"].includes(figure.kinds[i]) ? Number(cell) : cell]),
      ),
    );
    const inside = element("div");
    into.replaceChildren(inside);
    const spec = { ...figure.spec, data: undefined, datasets: { rows: values }, description: question };
    const options = { actions: false, renderer: "svg", config: look() };
    return vegaEmbed(inside, { ...spec, data: { name: "rows" } }, options).catch((error) => {
      console.error(error);
      into.replaceChildren(element("p", `This chart could not be drawn: ${error.message}`, "nothing"));
    });
  };

  const draw = async (page) => {
    for (const article of page.querySelectorAll("[data-figure]")) {
      const figure = data.figures[article.dataset.figure];
      const rows = rowsOf(figure);
      const into = article.querySelector(".shown");
      const question = article.querySelector("h3").textContent;
      if (!rows.length) {
        const whose = tenant.selectedOptions[0].textContent;
        const what = figure.columns.includes("currency") ? ` in ${currency.value}` : "";
        into.replaceChildren(element("p", `Nothing to show for ${whose}${what}.`, "nothing"));
      } else if (figure.shape === "tiles") into.replaceChildren(...tiles(figure, rows));
      else if (figure.shape === "table") into.replaceChildren(table(figure, rows, question));
      else await chart(figure, rows, into, question);
      article.querySelector(".rows")?.replaceChildren(table(figure, rows, `The rows of: ${question}`));
    }
    page.dataset.drawn = `${tenant.value}/${currency.value}`;
  };

  const show = () => {
    const wanted = document.getElementById(`page-${location.hash.slice(1)}`) ?? document.querySelector(".page");
    for (const page of document.querySelectorAll(".page")) page.hidden = page !== wanted;
    for (const link of document.querySelectorAll("nav a")) {
      if (`page-${link.hash.slice(1)}` === wanted.id) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    document.title = `${wanted.querySelector("h2").textContent} – Lakehouse`;
    return draw(wanted);
  };

  for (const source of [tenant, currency]) source.addEventListener("change", show);
  window.addEventListener("hashchange", show);
  dark.addEventListener("change", show);
  show();

  if (data.live) {
    setInterval(async () => {
      const answer = await fetch("run").catch(() => null);
      if (answer?.ok && Number(await answer.text()) !== data.run) location.reload();
    }, 3000);
  }
})();
