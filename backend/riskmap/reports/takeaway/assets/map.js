/* The take-away map: symbols or hexagons over a ground of its own. It asks nothing of anywhere; texts are set as text. */
"use strict";
function riskmapTakeAway(map) {
  const data = JSON.parse(document.getElementById("riskmap-data").textContent);
  const byCells = data.kind === "cells";
  const num = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, " ");
  const make = (tag, name, text) => {
    const e = document.createElement(tag);
    if (name) e.className = name;
    if (text !== undefined) e.textContent = text;
    return e;
  };
  const world = (lon, lat) => L.CRS.EPSG3857.latLngToPoint(L.latLng(lat, lon), 0);

  // -- What there is -----------------------------------------------------------------------
  const LON = 0, LAT = 1, GRADE = 2, CLASS = 3, NAME = 4, FACTS = 5, VALUES = 6, SHAPE = 7;
  const FACT_TITLES = ["编号", "级别", "所在", "主管部门", "阶段", "说明"];
  const counts = data.classes.map(() => data.grades.map(() => ({ n: 0, unplaced: 0 })));
  const count = (c, g, n, placed) => { counts[c][g].n += n; if (!placed) counts[c][g].unplaced += n; };
  let box = null;
  const reach = (lon, lat) => { box = box ? box.extend([lat, lon]) : L.latLngBounds([lat, lon], [lat, lon]); };
  const paths = (shape) => { // rings and lines as world points, with whether they are filled
    const line = (points) => points.map(([x, y]) => world(x, y));
    switch (shape.type) {
      case "LineString": return [[line(shape.coordinates)], false];
      case "MultiLineString": return [shape.coordinates.map(line), false];
      case "Polygon": return [shape.coordinates.map(line), true];
      case "MultiPolygon": return [shape.coordinates.flatMap((p) => p.map(line)), true];
      case "GeometryCollection": return [shape.geometries.flatMap((s) => paths(s)[0]), false];
      default: return [[], false];
    }
  };
  const items = [], unplaced = [], levels = []; // hexagons, the finest first
  if (byCells) {
    for (const [ring, counted] of data.cells) {
      ring.forEach(([x, y]) => reach(x, y));
      counted.forEach(([c, g, n]) => count(c, g, n, true));
    }
    for (const { cells } of [data, ...data.coarser]) {
      levels.push(cells.map(([ring, counted]) => ({ ring: ring.map(([x, y]) => world(x, y)), counted, middle: world(...ring.reduce((a, [x, y]) => [a[0] + x / ring.length, a[1] + y / ring.length], [0, 0])) })));
    }
    data.unplaced.forEach(([c, g, n]) => count(c, g, n, false));
  } else {
    for (const row of data.objects) {
      count(row[CLASS], row[GRADE], 1, row[LON] !== null);
      if (row[LON] === null) { unplaced.push({ row }); continue; }
      reach(row[LON], row[LAT]);
      const [lines, filled] = row[SHAPE] ? paths(row[SHAPE]) : [[], false];
      items.push({ row, at: world(row[LON], row[LAT]), lines, filled });
    }
  }
  const gradeOn = data.grades.map(() => true), classOn = data.classes.map(() => true);
  const seen = (c, g) => gradeOn[g] && classOn[c];
  const cellOf = (cell) => {
    const by = data.grades.map(() => 0);
    cell.counted.forEach(([c, g, n]) => { if (seen(c, g)) by[g] += n; });
    return { n: by.reduce((a, b) => a + b, 0), by };
  };
  const figures = () => {
    let shown = 0, away = 0;
    counts.forEach((row, c) => row.forEach((k, g) => { if (seen(c, g)) { shown += k.n - k.unplaced; away += k.unplaced; } }));
    return { shown, unplaced: away };
  };

  // -- The look ----------------------------------------------------------------------------
  const night = window.matchMedia("(prefers-color-scheme: dark)");
  const LOOKS = {
    day: { halo: "#FFFFFF", edge: "#1A1A1A", county: "#5D6470", town: "#4A4F58", border: "#8A7F98", line: "#B3AEBC", fill: { hills: "#E2E8DA", urban: "#E9E4DF", water: "#C6DCEA" }, stroke: { rivers: "#9DC3DA", roads: "#D3C4A4", water: "#9DC3DA" } },
    night: { halo: "#1B1F25", edge: "#0C0E11", county: "#AEB4BF", town: "#C0C5CE", border: "#7D7390", line: "#4A4654", fill: { hills: "#262D28", urban: "#2C2C30", water: "#22384A" }, stroke: { rivers: "#35566E", roads: "#56503F", water: "#35566E" } },
  };
  const look = () => (night.matches ? LOOKS.night : LOOKS.day);
  const RAMP = ["#FBE9D8", "#F3C9A5", "#DE9B6E", "#B5663F", "#7A3418"], STEPS = [1, 4, 16, 64, 256];
  const step = (n) => STEPS.reduce((at, least, i) => (n >= least ? i : at), 0);

  // A grade is an outline too: a grey copy tells it.
  const outline = (ctx, x, y, r, g) => {
    ctx.beginPath();
    if (g === 0) { ctx.moveTo(x, y - r * 1.2); ctx.lineTo(x + r * 1.2, y); ctx.lineTo(x, y + r * 1.2); ctx.lineTo(x - r * 1.2, y); ctx.closePath(); }
    else if (g === 1) { ctx.moveTo(x, y - r * 1.25); ctx.lineTo(x + r * 1.2, y + r * 0.85); ctx.lineTo(x - r * 1.2, y + r * 0.85); ctx.closePath(); }
    else if (g === 2) ctx.rect(x - r * 0.86, y - r * 0.86, r * 1.72, r * 1.72);
    else ctx.arc(x, y, r, 0, 2 * Math.PI);
  };
  const sign = (ctx, x, y, r, g, edge) => {
    outline(ctx, x, y, r, g);
    ctx.fillStyle = data.grades[g].colour;
    ctx.fill();
    ctx.setLineDash(g === 4 ? [2, 2] : []);
    ctx.lineWidth = 1.2;
    ctx.strokeStyle = g === 4 ? "#1A1A1A" : edge;
    ctx.stroke();
    ctx.setLineDash([]);
  };
  const swatch = (g) => {
    const c = make("canvas", "swatch");
    c.width = c.height = 36;
    const ctx = c.getContext("2d");
    ctx.scale(2, 2);
    sign(ctx, 9, 9, 6, g, "#1A1A1A");
    return c;
  };

  // -- The ground --------------------------------------------------------------------------
  map.createPane("ground").style.zIndex = 200;
  const renderer = L.canvas({ pane: "ground", padding: 0.3 });
  const laid = [];
  const lay = (title, shapes, style, on = true) => {
    const layer = L.geoJSON({ type: "FeatureCollection", features: shapes.map((s) => ({ type: "Feature", properties: {}, geometry: s.shape })) }, { interactive: false, pane: "ground", renderer, style });
    laid.push({ title, layer, style, on });
    if (on) layer.addTo(map);
  };
  for (const one of data.ground) {
    const shapes = one.features.filter((f) => f.shape.type !== "Point" && f.shape.type !== "MultiPoint");
    if (!shapes.length) continue;
    lay(one.title, shapes, () => ({ weight: one.layer === "rivers" ? 1.6 : one.layer === "roads" ? 1 : 0.6, color: look().stroke[one.layer] ?? look().line, stroke: !(one.layer in LOOKS.day.fill) || one.layer === "water", fill: one.layer in LOOKS.day.fill, fillColor: look().fill[one.layer], fillOpacity: 1, opacity: 1 }));
  }
  if (data.outlines.town.length) lay("乡镇界", data.outlines.town, () => ({ weight: 0.6, color: look().line, fill: false }));
  if (data.outlines.county.length) lay("县区界", data.outlines.county, () => ({ weight: 1.3, color: look().border, fill: false, dashArray: "6 3 1 3" }));
  if (data.outlines.city.length) lay("市界", data.outlines.city, () => ({ weight: 2.2, color: look().border, fill: false }));
  const named = (level) => data.outlines[level].map((d) => ({ name: d.name, at: world(...d.at), d }));
  const counties = named("county"), towns = named("town");

  // -- Names, shapes, symbols, hexagons: one canvas ------------------------------------------
  const Picture = L.Layer.extend({
    onAdd() {
      this.canvas = L.DomUtil.create("canvas", "picture leaflet-zoom-hide", map.getPane("overlayPane"));
      map.on("move moveend zoomend resize viewreset", this.soon, this);
      this.draw();
    },
    soon() { this.due ??= requestAnimationFrame(() => { this.due = null; this.draw(); }); },
    draw() {
      const size = map.getSize(), dense = window.devicePixelRatio || 1, canvas = this.canvas;
      if (canvas.width !== Math.round(size.x * dense) || canvas.height !== Math.round(size.y * dense)) {
        canvas.width = Math.round(size.x * dense);
        canvas.height = Math.round(size.y * dense);
        canvas.style.width = `${size.x}px`;
        canvas.style.height = `${size.y}px`;
      }
      L.DomUtil.setPosition(canvas, map.containerPointToLayerPoint([0, 0]));
      const ctx = canvas.getContext("2d");
      ctx.setTransform(dense, 0, 0, dense, 0, 0);
      ctx.clearRect(0, 0, size.x, size.y);
      this.zoom = map.getZoom();
      this.scale = 2 ** this.zoom;
      this.origin = map.getPixelBounds().min;
      this.size = size;
      this.radius = this.zoom < 9 ? 3.2 : this.zoom < 11 ? 4.5 : this.zoom < 13 ? 6 : 8;
      this.cells = levels.find((l) => l.length && this.across(l[0]) >= 18) ?? levels.at(-1) ?? [];
      if (byCells) this.hexagons(ctx);
      else this.outlines(ctx);
      this.names(ctx, towns, 11.5, "11px", look().town);
      if (!byCells) this.signs(ctx);
      this.names(ctx, counties, 0, "bold 13px", look().county, 12.5);
    },
    put(p) { return [p.x * this.scale - this.origin.x, p.y * this.scale - this.origin.y]; },
    inside(x, y, by) { return x > -by && y > -by && x < this.size.x + by && y < this.size.y + by; },
    trace(ctx, line) { line.forEach((p, i) => { const [x, y] = this.put(p); if (i) ctx.lineTo(x, y); else ctx.moveTo(x, y); }); },
    across(cell) { const xs = cell.ring.map((p) => p.x); return (Math.max(...xs) - Math.min(...xs)) * this.scale; },
    outlines(ctx) {
      for (const it of items) {
        if (!it.lines.length || !seen(it.row[CLASS], it.row[GRADE])) continue;
        ctx.beginPath();
        it.lines.forEach((line) => this.trace(ctx, line));
        const colour = it.row[GRADE] === 4 ? "#7A7F88" : data.grades[it.row[GRADE]].colour;
        // What is not assessed covers nothing: much of it is context, such as contours.
        if (it.filled && it.row[GRADE] !== 4) { ctx.globalAlpha = 0.25; ctx.fillStyle = colour; ctx.fill("evenodd"); ctx.globalAlpha = 1; }
        ctx.lineWidth = it.filled ? 1.2 : 2.4;
        ctx.strokeStyle = colour;
        ctx.stroke();
      }
    },
    signs(ctx) {
      // Two of one grade within two pixels look like one: far out most of the work is spared.
      const edge = look().edge, across = (this.size.x >> 1) + 24, taken = new Uint8Array(across * ((this.size.y >> 1) + 24));
      for (const it of items) {
        if (!seen(it.row[CLASS], it.row[GRADE])) continue;
        const [x, y] = this.put(it.at);
        if (!this.inside(x, y, 20)) continue;
        const spot = ((y + 20) >> 1) * across + ((x + 20) >> 1), bit = 1 << it.row[GRADE];
        if (taken[spot] & bit) continue;
        taken[spot] |= bit;
        sign(ctx, x, y, it.row[GRADE] === 0 ? this.radius * 1.15 : this.radius, it.row[GRADE], edge);
      }
    },
    hexagons(ctx) {
      ctx.textAlign = "center";
      ctx.textBaseline = "middle";
      ctx.font = "11px sans-serif";
      const red = [];
      for (const cell of this.cells) {
        const { n, by } = cellOf(cell);
        if (!n) continue;
        ctx.beginPath();
        this.trace(ctx, cell.ring);
        ctx.closePath();
        ctx.fillStyle = RAMP[step(n)];
        ctx.globalAlpha = 0.92;
        ctx.fill();
        ctx.globalAlpha = 1;
        ctx.lineWidth = 0.6;
        ctx.strokeStyle = "#FFFFFF";
        ctx.stroke();
        if (by[0]) red.push(cell);
        const [x, y] = this.put(cell.middle);
        if (this.across(cell) > 24 && this.inside(x, y, 60)) {
          ctx.fillStyle = step(n) > 2 ? "#FFFFFF" : "#3A1E10";
          ctx.fillText(num(n), x, y);
        }
      }
      ctx.lineWidth = 2;
      ctx.strokeStyle = data.grades[0].colour;
      for (const cell of red) { ctx.beginPath(); this.trace(ctx, cell.ring); ctx.closePath(); ctx.stroke(); }
    },
    names(ctx, list, from, font, colour, to = 99) {
      if (this.zoom < from || this.zoom > to) return;
      ctx.font = `${font} "PingFang SC","Microsoft YaHei","Noto Sans SC",sans-serif`;
      ctx.textAlign = "center";
      ctx.textBaseline = "middle";
      ctx.lineJoin = "round";
      ctx.lineWidth = 3;
      ctx.strokeStyle = look().halo;
      ctx.fillStyle = colour;
      const taken = [];
      for (const one of list) {
        const [x, y] = this.put(one.at);
        if (!this.inside(x, y, 60)) continue;
        const w = ctx.measureText(one.name).width / 2 + 4;
        if (taken.some((t) => Math.abs(t.x - x) < t.w + w && Math.abs(t.y - y) < 18)) continue;
        taken.push({ x, y, w });
        ctx.strokeText(one.name, x, y);
        ctx.fillText(one.name, x, y);
      }
    },
    at(point) {
      const near = this.radius + 5;
      return items.filter((it) => {
        if (!seen(it.row[CLASS], it.row[GRADE])) return false;
        const [x, y] = this.put(it.at);
        return Math.abs(x - point.x) <= near && Math.abs(y - point.y) <= near;
      }).reverse();
    },
    cellAt(point) {
      const into = (ring) => {
        let odd = false;
        const p = ring.map((q) => this.put(q));
        for (let i = 0, j = p.length - 1; i < p.length; j = i++) {
          if (p[i][1] > point.y !== p[j][1] > point.y && point.x < ((p[j][0] - p[i][0]) * (point.y - p[i][1])) / (p[j][1] - p[i][1]) + p[i][0]) odd = !odd;
        }
        return odd;
      };
      return this.cells.find((cell) => cellOf(cell).n && into(cell.ring));
    },
  });
  const picture = new Picture().addTo(map);

  // -- What is clicked -----------------------------------------------------------------------
  const gradeLine = (g, text) => {
    const p = make("p", "grade");
    p.append(swatch(g), make("b", "", text ?? data.grades[g].title), make("span", "dim", data.scale.title));
    return p;
  };
  const card = (row) => {
    const e = make("div", "card");
    e.append(make("h3", "", row[NAME]), make("p", "dim", data.classes[row[CLASS]].title), gradeLine(row[GRADE]));
    const list = make("dl");
    const line = (title, value) => { if (value) list.append(make("dt", "", title), make("dd", "", value)); };
    row[FACTS].forEach((value, i) => line(FACT_TITLES[i], value));
    data.classes[row[CLASS]].fields.forEach((title, i) => line(title, row[VALUES][i]));
    e.append(list);
    return e;
  };
  const open = (latlng, content) => L.popup({ maxWidth: 320, minWidth: 270, maxHeight: 340, autoPanPadding: [16, 16] }).setLatLng(latlng).setContent(content).openOn(map);
  const show = (it) => open([it.row[LAT], it.row[LON]], card(it.row));
  map.on("click", (event) => {
    if (byCells) {
      const cell = picture.cellAt(event.containerPoint);
      if (!cell) return;
      const { n, by } = cellOf(cell), e = make("div", "card");
      e.append(make("h3", "", `${num(n)} 处`), make("p", "dim", n < data.few ? "少，仅供参考" : ""));
      by.forEach((k, g) => { if (k) e.append(gradeLine(g, `${data.grades[g].title} ${num(k)}`)); });
      open(event.latlng, e);
      return;
    }
    const hit = picture.at(event.containerPoint);
    if (hit.length === 1) show(hit[0]);
    else if (hit.length) {
      const e = make("div", "card");
      e.append(make("h3", "", `此处 ${num(hit.length)} 处`));
      for (const it of hit.slice(0, 50)) {
        const b = make("button", "hit");
        b.type = "button";
        b.append(swatch(it.row[GRADE]), make("span", "", it.row[NAME]));
        b.addEventListener("click", () => show(it));
        e.append(b);
      }
      if (hit.length > 50) e.append(make("p", "dim", `另有 ${num(hit.length - 50)} 处，放大后再点`));
      open(event.latlng, e);
    }
  });
  map.on("mousemove", (event) => {
    const over = byCells ? picture.cellAt(event.containerPoint) : picture.at(event.containerPoint).length;
    map.getContainer().style.cursor = over ? "pointer" : "";
  });

  // -- The panel -----------------------------------------------------------------------------
  const panel = document.getElementById("riskmap-panel");
  const body = make("div", "body");
  const head = make("header");
  head.append(make("h1", "", data.title), make("span", "tag", data.secrecy));
  if (data.mark) head.append(make("p", "mark", data.mark));
  const status = make("p", "status");
  const redraw = () => {
    const now = figures();
    status.textContent = `图上 ${num(now.shown)} 处` + (now.unplaced ? `，另有 ${num(now.unplaced)} 处未定位，不在图上` : "");
    map.closePopup();
    picture.draw();
  };

  // Search: names and numbers, and divisions.
  const search = make("input", "search"), found = make("div", "found");
  search.type = "search";
  search.placeholder = byCells ? "查找区县、乡镇" : "查找名称、编号、乡镇";
  search.setAttribute("aria-label", search.placeholder);
  const everything = byCells ? [] : [...items, ...unplaced].map((it) => ({ it, text: `${it.row[NAME]} ${it.row[FACTS][0]}`.toLowerCase() }));
  search.addEventListener("input", () => {
    const asked = search.value.trim().toLowerCase();
    found.replaceChildren();
    if (!asked) return;
    const places = [...counties, ...towns].filter((d) => d.name.toLowerCase().includes(asked));
    const hits = everything.filter((e) => e.text.includes(asked)).reverse();
    for (const place of places.slice(0, 5)) {
      const b = make("button", "hit");
      b.type = "button";
      b.append(make("span", "", place.name), make("span", "dim", "区划"));
      b.addEventListener("click", () => map.fitBounds(L.geoJSON(place.d.shape).getBounds()));
      found.append(b);
    }
    for (const { it } of hits.slice(0, 30)) {
      const b = make("button", "hit");
      b.type = "button";
      b.append(swatch(it.row[GRADE]), make("span", "", it.row[NAME]));
      if (it.at) b.addEventListener("click", () => {
        gradeOn[it.row[GRADE]] = classOn[it.row[CLASS]] = true;
        tick();
        redraw();
        if (document.body.classList.contains("open")) opener.click();
        map.setView([it.row[LAT], it.row[LON]], Math.max(map.getZoom(), 15));
        show(it);
      });
      else { b.disabled = true; b.append(make("span", "dim", "未定位")); }
      found.append(b);
    }
    const more = hits.length - Math.min(hits.length, 30);
    found.append(make("p", "dim", hits.length || places.length ? `共 ${num(hits.length + places.length)} 条${more ? `，列出前 30 条` : ""}` : "没有找到"));
  });

  const boxes = [];
  const tick = () => boxes.forEach((b) => (b.input.checked = b.get()));
  const row = (mark, title, n, get, set) => {
    const label = make("label", "row"), input = make("input");
    input.type = "checkbox";
    input.checked = get();
    input.addEventListener("change", () => { set(input.checked); redraw(); });
    boxes.push({ input, get });
    label.append(input);
    if (mark) label.append(mark);
    label.append(make("span", "grow", title));
    if (n !== null) label.append(make("span", "n", num(n)));
    return label;
  };
  const group = (title, note, all) => {
    const e = make("section");
    const h = make("h2", "", title);
    if (all) {
      for (const [word, on] of [["全开", true], ["全关", false]]) {
        const b = make("button", "small", word);
        b.type = "button";
        b.addEventListener("click", () => { all(on); tick(); redraw(); });
        h.append(b);
      }
    }
    e.append(h);
    if (note) e.append(make("p", "dim", note));
    return e;
  };
  const sum = (list) => list.reduce((a, b) => a + b, 0);
  const grades = group(data.scale.title, data.scale.note, null);
  data.grades.forEach((g, i) => grades.append(row(swatch(i), g.value === "none" ? g.title : `${g.letter}　${g.title}`, sum(counts.map((c) => c[i].n)), () => gradeOn[i], (on) => (gradeOn[i] = on))));
  const classes = group("分类", "", (on) => classOn.fill(on));
  data.classes.forEach((c, i) => classes.append(row(null, c.title, sum(counts[i].map((k) => k.n)), () => classOn[i], (on) => (classOn[i] = on))));
  const ground = group("底图", data.ground_left_out.length ? `没有装入：${data.ground_left_out.join("、")}` : "", null);
  laid.forEach((one) => ground.append(row(null, one.title, null, () => map.hasLayer(one.layer), (on) => (on ? one.layer.addTo(map) : one.layer.remove()))));
  if (!laid.length) ground.append(make("p", "dim", "没有装入区划和底图"));

  body.append(search, found);
  if (byCells) {
    const e = make("section", "cells");
    e.append(make("p", "", `所选 ${num(data.total)} 处，${data.too_large ? "逐处装入的文件过大" : `超过 ${num(data.most)} 处`}，已合并为 H3 ${data.resolution} 级六边形（远看时用更大的格）：每格写处数，红框是含重大的格。要看逐处的，请在系统里缩小范围再导出。`));
    const ramp = make("p", "ramp");
    STEPS.forEach((least, i) => { const s = make("span", "", i === STEPS.length - 1 ? `≥${least}` : `${least}–${STEPS[i + 1] - 1}`); s.style.background = RAMP[i]; s.style.color = i > 2 ? "#FFF" : "#3A1E10"; ramp.append(s); });
    e.append(ramp);
    body.append(e);
  }
  body.append(status, grades, classes, ground);
  const about = group("说明", "", null), facts = make("dl");
  const fact = (title, value) => { if (value) facts.append(make("dt", "", title), make("dd", "", value)); };
  fact("选择", data.words);
  fact("共", `${num(data.total)} 处` + (data.unplaced_total ? `，其中 ${num(data.unplaced_total)} 处未定位` : "") + (data.elsewhere ? `；另有 ${num(data.elsewhere)} 处未定位，不在任何图上范围内` : ""));
  fact("数据状态", `${data.state}（${data.day}）`);
  fact("数据时间", data.data_at);
  fact("制作", `${data.made_at}，${data.made_by}`);
  fact("密级", data.secrecy);
  fact("审图号", data.approval);
  fact("文件大小", document.documentElement.dataset.size);
  fact("底图来源", data.credit);
  fact("坐标", "CGCS2000 经纬度");
  facts.lastChild && about.append(facts);
  about.append(make("p", "dim", "图上空白处只表示没有登记，不表示没有风险；未评定不是低风险。本文件不会更新，以系统为准。地图由 Leaflet 绘制。"));
  body.append(about);
  panel.append(head, body);

  const opener = make("button", "opener", "图例与查找");
  opener.type = "button";
  opener.addEventListener("click", () => { opener.textContent = document.body.classList.toggle("open") ? "看图" : "图例与查找"; });
  document.body.append(opener);

  night.addEventListener("change", () => { laid.forEach((one) => one.layer.setStyle(one.style)); picture.draw(); });
  L.control.scale({ imperial: false }).addTo(map);
  if (!box) for (const d of [...counties, ...towns]) box = box ? box.extend(L.geoJSON(d.d.shape).getBounds()) : L.geoJSON(d.d.shape).getBounds();
  // What reaches over most of the outlines is shown with the outlines whole.
  let whole = null;
  for (const d of counties) whole = whole ? whole.extend(L.geoJSON(d.d.shape).getBounds()) : L.geoJSON(d.d.shape).getBounds();
  if (box && whole && box.getEast() - box.getWest() > 0.5 * (whole.getEast() - whole.getWest())) box.extend(whole);
  map.options.zoomSnap = 0.25;
  if (box) map.fitBounds(box, { maxZoom: 15, padding: [24, 24] });
  map.options.zoomSnap = 1;
  redraw();
  window.riskmapFile = { map, figures, counts, data, picture, items };
}
