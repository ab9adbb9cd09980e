'use strict';
// Shows the values of the moment that is pointed at, in every chart at once. The texts are those of the tables
// below the charts: nothing is computed here.
(() => {
  const space = 'http://www.w3.org/2000/svg';
  const tip = document.createElement('div');
  tip.className = 'tip';
  tip.hidden = true;
  tip.setAttribute('aria-live', 'polite');
  document.body.append(tip);

  const charts = [...document.querySelectorAll('figure.chart')].map((figure) => ({
    title: figure.querySelector('figcaption strong').textContent,
    heads: [...figure.querySelectorAll('thead th')].map((head) => head.textContent),
    rows: [...figure.querySelectorAll('tbody tr')].map((row) => ({ from: Number(row.dataset.from), to: Number(row.dataset.to), row })),
    drawings: [...figure.querySelectorAll('svg.drawing')].map(prepare),
  }));

  // prepare adds the line that marks the moment, and a surface to point at.
  function prepare(svg) {
    const { width, height } = svg.viewBox.baseVal;
    const left = Number(svg.dataset.left);
    const drawing = { svg, width, left, span: width - left - Number(svg.dataset.right), seconds: Number(svg.dataset.seconds) };
    drawing.cross = add(svg, 'path', { class: 'cross', visibility: 'hidden', d: `M0 14V${height - 24}` });
    add(svg, 'rect', { class: 'catch', x: left, y: 0, width: drawing.span, height });
    svg.setAttribute('tabindex', '0');
    return drawing;
  }

  function add(svg, name, attributes) {
    const element = document.createElementNS(space, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    svg.append(element);
    return element;
  }

  // rowAt finds the row of a moment; none where nothing was measured.
  function rowAt(rows, seconds) {
    let low = 0;
    let high = rows.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (rows[middle].from <= seconds) low = middle;
      else high = middle - 1;
    }
    const found = rows[low];
    return found && found.from <= seconds + 0.05 && seconds <= found.to + 0.05 ? found : undefined;
  }

  let moment; // that is shown, in seconds

  function show(chart, drawing, seconds, about) {
    moment = Math.min(Math.max(seconds, 0), drawing.seconds);
    for (const other of charts) {
      for (const d of other.drawings) {
        d.cross.setAttribute('transform', `translate(${d.left + (d.span * moment) / d.seconds} 0)`);
        d.cross.setAttribute('visibility', 'visible');
      }
    }
    const found = rowAt(chart.rows, moment);
    const head = document.createElement('b');
    const list = document.createElement('dl');
    const cells = found ? [...found.row.cells].map((cell) => cell.textContent) : [];
    head.textContent = found ? `${chart.title}, from ${cells[0]}` : `${chart.title}: nothing was measured`;
    cells.slice(1).forEach((text, n) => {
      const name = document.createElement('dt');
      const value = document.createElement('dd');
      name.textContent = chart.heads[n + 1];
      value.textContent = text;
      list.append(name, value);
    });
    tip.replaceChildren(head, list);
    if (about) {
      const line = document.createElement('p');
      line.textContent = about;
      tip.append(line);
    }
    tip.hidden = false;
    const box = drawing.svg.getBoundingClientRect();
    const x = box.left + ((drawing.left + (drawing.span * moment) / drawing.seconds) / drawing.width) * box.width;
    const room = document.documentElement.clientWidth;
    const beside = x + 14 + tip.offsetWidth <= room ? x + 14 : x - 14 - tip.offsetWidth;
    tip.style.left = `${Math.max(4, Math.min(beside, room - tip.offsetWidth - 4)) + scrollX}px`;
    tip.style.top = `${box.top + scrollY + 24}px`;
  }

  // aboutAt is what the bar of a lane that is pointed at says.
  function aboutAt(event) {
    const bar = document.elementsFromPoint(event.clientX, event.clientY).find((e) => e.matches('.drawing .fill-alert'));
    return bar?.querySelector('title')?.textContent;
  }

  function hide() {
    tip.hidden = true;
    for (const chart of charts) for (const d of chart.drawings) d.cross.setAttribute('visibility', 'hidden');
  }

  for (const chart of charts) {
    for (const drawing of chart.drawings) {
      const point = (event) => {
        const box = drawing.svg.getBoundingClientRect();
        const x = ((event.clientX - box.left) / box.width) * drawing.width;
        show(chart, drawing, ((x - drawing.left) / drawing.span) * drawing.seconds, aboutAt(event));
      };
      drawing.svg.addEventListener('pointermove', point);
      drawing.svg.addEventListener('pointerdown', point);
      drawing.svg.addEventListener('pointerleave', (event) => { if (event.pointerType === 'mouse') hide(); });
      drawing.svg.addEventListener('blur', hide);
      drawing.svg.addEventListener('keydown', (event) => {
        const steps = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10, Home: -Infinity, End: Infinity };
        if (event.key === 'Escape') hide();
        if (!(event.key in steps) || chart.rows.length === 0) return;
        event.preventDefault();
        const found = rowAt(chart.rows, moment ?? 0);
        const at = found ? chart.rows.indexOf(found) : chart.rows.findIndex((row) => row.from >= (moment ?? 0));
        const next = chart.rows[Math.min(Math.max(at + steps[event.key], 0), chart.rows.length - 1)];
        show(chart, drawing, (next.from + next.to) / 2);
      });
    }
  }
})();
