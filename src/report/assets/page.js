(function () {
  'use strict';
  // Everything on the page is there without this script; it lets the reader choose what is shown.
  var doc = document, root = doc.documentElement, page = JSON.parse(doc.body.dataset.page);
  function all(selector, within) { return Array.prototype.slice.call((within || doc).querySelectorAll(selector)); }
  function element(tag, name, text) {
    var made = doc.createElement(tag);
    if (name) made.className = name;
    if (text !== undefined) made.textContent = text;
    return made;
  }
  function button(text, act) { var made = element('button', '', text); made.type = 'button'; made.onclick = act; return made; }
  var state = { off: [], point: page.first, metric: 0, sort: '' };
  root.classList.add('js');

  // The state stands in the address, as far as it differs from the start: #off=random&p=3&m=1&sort=0.2d
  function named(number) { return page.strategies.filter(function (one) { return one[0] === number; })[0][1]; }
  function read() {
    var asked = new URLSearchParams(location.hash.slice(1));
    var off = asked.getAll('off');
    state.off = page.strategies.filter(function (one) { return off.indexOf(one[1]) >= 0; }).map(function (one) { return one[0]; });
    var point = asked.get('p');
    var known = page.points.some(function (one) { return String(one[0]) === point; });
    state.point = known ? +point : page.first;
    state.metric = +asked.get('m') || 0;
    state.sort = asked.get('sort') || '';
  }
  function write() {
    var asked = new URLSearchParams();
    state.off.forEach(function (number) { asked.append('off', named(number)); });
    if (state.point !== page.first) asked.set('p', state.point);
    if (state.metric) asked.set('m', state.metric);
    if (state.sort) asked.set('sort', state.sort);
    var text = asked.toString();
    try {
      history.replaceState(null, '', text ? '#' + text : location.pathname + location.search);
    } catch (refused) { /* in a sandboxed frame the address stays as it is */ }
  }

  // Strategies on and off, a point, a metric.
  var marked = all('[data-s]'), chips = {}, metrics = all('.metric'), tabs = [], pick = null;
  function apply() {
    marked.forEach(function (one) { one.classList.toggle('off', state.off.indexOf(+one.dataset.s) >= 0); });
    page.strategies.forEach(function (one) {
      if (chips[one[0]]) chips[one[0]].setAttribute('aria-pressed', String(state.off.indexOf(one[0]) < 0));
    });
    all('details.pt').forEach(function (fold) { fold.open = +fold.dataset.p === state.point; });
    if (pick) pick.value = state.point;
    if (!metrics[state.metric]) state.metric = 0;
    metrics.forEach(function (one, number) { one.hidden = number !== state.metric; });
    tabs.forEach(function (tab, number) { tab.setAttribute('aria-pressed', String(number === state.metric)); });
  }
  function set(key, value) { state[key] = value; apply(); write(); }
  function light(number) {
    marked.forEach(function (one) { one.classList.toggle('dim', number !== null && +one.dataset.s !== number); });
  }
  function key(look, shape) {
    var space = doc.querySelector('svg').namespaceURI;
    var svg = doc.createElementNS(space, 'svg'), use = doc.createElementNS(space, 'use');
    svg.setAttribute('class', 'k s' + look);
    svg.setAttribute('aria-hidden', 'true');
    use.setAttribute('href', shape);
    use.setAttribute('x', 7);
    use.setAttribute('y', 7);
    svg.append(use);
    return svg;
  }
  function chip(one) {
    var number = one[0];
    var made = button('', function () {
      var at = state.off.indexOf(number), off = state.off.slice();
      if (at < 0) off.push(number); else off.splice(at, 1);
      light(null);
      set('off', off);
    });
    made.append(key(one[2], one[3]), one[1]);
    made.onmouseenter = made.onfocus = function () { if (state.off.indexOf(number) < 0) light(number); };
    made.onmouseleave = made.onblur = function () { light(null); };
    made.title = 'Click: hide or show. Double click: only this one and the baseline';
    made.ondblclick = function () {
      var others = page.strategies.filter(function (other) { return other[0] !== number && other[0] !== page.baseline; });
      set('off', others.map(function (other) { return other[0]; }));
    };
    chips[number] = made;
    return made;
  }
  function controls() {
    var bar = element('div', 'ctl');
    bar.setAttribute('role', 'toolbar');
    bar.setAttribute('aria-label', 'Strategies and point shown');
    if (page.points.length) {
      var label = element('label', '', 'Point ');
      pick = element('select');
      page.points.forEach(function (one) { var option = element('option', '', one[1]); option.value = one[0]; pick.append(option); });
      pick.onchange = function () { set('point', +pick.value); };
      label.append(pick);
      bar.append(label);
    }
    if (page.strategies.length > 1) page.strategies.forEach(function (one) { bar.append(chip(one)); });
    if (bar.childNodes.length) doc.getElementById('ctl').replaceWith(bar);
    if (metrics.length < 2) return;
    var row = element('div', 'tabs');
    metrics.forEach(function (one, number) {
      tabs.push(button(one.dataset.name, function () { set('metric', number); }));
      row.append(tabs[number]);
    });
    metrics[0].before(row);
  }
  all('details.pt > summary').forEach(function (one) {
    one.addEventListener('click', function (event) { event.preventDefault(); });
    one.tabIndex = -1;
  });

  // Tables are sorted by the name or the value of a column; the state names table, column and direction.
  var tables = all('table');
  tables.forEach(function (table, number) {
    all('th[data-sort]', table).forEach(function (head) {
      var made = button(head.textContent, function () {
        var asked = number + '.' + head.cellIndex;
        state.sort = state.sort === asked ? asked + 'd' : asked;
        write();
        sort();
      });
      head.textContent = '';
      head.append(made);
    });
  });
  function sort() {
    var asked = /^(\d+)\.(\d+)(d?)$/.exec(state.sort), table = asked && tables[asked[1]];
    if (!table || !table.tHead) return;
    var column = +asked[2], sign = asked[3] ? -1 : 1, rows = table.tHead.rows;
    all('th[aria-sort]').forEach(function (head) { head.removeAttribute('aria-sort'); });
    var head = rows[rows.length - 1].cells[column];
    if (head) head.setAttribute('aria-sort', asked[3] ? 'descending' : 'ascending');
    Array.prototype.slice.call(table.tBodies[0].rows).sort(function (one, other) {
      var a = one.cells[column], b = other.cells[column];
      if (!a || !b) return 0;
      // What has no steady value is last in either direction.
      var unsteady = +(a.dataset.v >= 1e12) - +(b.dataset.v >= 1e12);
      if (unsteady) return unsteady;
      return sign * (a.dataset.v !== undefined ? a.dataset.v - b.dataset.v : a.textContent.localeCompare(b.textContent));
    }).forEach(function (row) { table.tBodies[0].append(row); });
  }

  // The value of the mark nearest to the pointer; arrow keys walk the marks of a focused picture.
  var tip = element('div');
  tip.id = 'tip';
  tip.hidden = true;
  tip.setAttribute('role', 'status');
  doc.body.append(tip);
  all('svg title').forEach(function (title) { title.parentNode.dataset.tip = title.textContent; title.remove(); });
  function show(mark) {
    tip.hidden = !mark;
    if (!mark) return;
    tip.textContent = mark.dataset.tip;
    var box = mark.getBoundingClientRect(), width = tip.offsetWidth;
    tip.style.left = Math.max(4, Math.min(innerWidth - width - 4, box.left + box.width / 2 - width / 2)) + 'px';
    tip.style.top = (box.top > 40 ? box.top - tip.offsetHeight - 6 : box.bottom + 6) + 'px';
  }
  function nearest(marks, event) {
    var best = null, least = 28;
    marks.forEach(function (mark) {
      if (mark.closest('.off')) return;
      var box = mark.getBoundingClientRect();
      var aside = Math.max(box.left - event.clientX, 0, event.clientX - box.right);
      var above = Math.max(box.top - event.clientY, 0, event.clientY - box.bottom);
      var away = Math.hypot(aside, above);
      if (away < least) { least = away; best = mark; }
    });
    return best;
  }
  all('svg[role=img]').forEach(function (picture) {
    var marks = all('[data-tip]', picture), at = -1;
    if (!marks.length) return;
    function point(event) { show(nearest(marks, event)); }
    picture.addEventListener('pointermove', point);
    picture.addEventListener('pointerdown', point);
    picture.addEventListener('pointerleave', function () { show(null); });
    if (marks.length < 4) return;
    picture.tabIndex = 0;
    picture.addEventListener('keydown', function (event) {
      var step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (event.key === 'Escape') show(null);
      if (!step) return;
      event.preventDefault();
      for (var tries = 0; tries < marks.length; tries += 1) {
        at = (at + step + marks.length) % marks.length;
        if (!marks[at].closest('.off')) break;
      }
      show(marks[at]);
    });
    picture.addEventListener('blur', function () { show(null); });
  });

  function restore() { read(); apply(); sort(); }
  controls();
  addEventListener('hashchange', restore);
  restore();
})();
