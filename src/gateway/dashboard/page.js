// Everything works without this: it keeps the page up to date, filters, and remembers what is open.
(() => {
  const stream = document.body.dataset.stream;
  const live = document.getElementById('live');
  const say = (on) => {
    if (!live) return;
    live.textContent = on ? 'live' : 'not connected';
    live.className = on ? 'live on' : 'live';
  };

  const opened = 'polyenv-open';
  const details = [...document.querySelectorAll('details[data-project]')];
  const remembered = new Set(JSON.parse(sessionStorage.getItem(opened) || '[]'));
  for (const one of details) {
    if (remembered.has(one.dataset.project)) one.open = true;
    one.addEventListener('toggle', () => {
      const open = details.filter((each) => each.open).map((each) => each.dataset.project);
      sessionStorage.setItem(opened, JSON.stringify(open));
    });
  }

  const find = document.getElementById('find');
  const none = document.getElementById('none');
  const filter = () => {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const one of details) {
      one.hidden = !words.every((word) => one.dataset.words.includes(word));
      if (!one.hidden) shown += 1;
    }
    if (none) none.hidden = shown > 0;
    sessionStorage.setItem('polyenv-find', find.value);
  };
  if (find) {
    find.closest('.find').hidden = false;
    find.value = sessionStorage.getItem('polyenv-find') || '';
    find.addEventListener('input', filter);
    filter();
  }

  for (const one of document.querySelectorAll('[data-copy]')) {
    one.hidden = false;
    one.addEventListener('click', async () => {
      await navigator.clipboard.writeText(one.dataset.copy);
      const before = one.textContent;
      one.textContent = 'Copied';
      setTimeout(() => {
        one.textContent = before;
      }, 1200);
    });
  }

  // A page that has changed more than in words is asked for again, but not under a hand that is typing.
  let stale = false;
  // Nor after a button was pressed: what it sends would be lost.
  let pressed = false;
  document.addEventListener('submit', () => {
    pressed = true;
  });
  window.addEventListener('pageshow', () => {
    pressed = false;
  });
  const reload = () => {
    stale = true;
    if (pressed) return;
    if (document.activeElement === find || document.visibilityState === 'hidden') return;
    location.reload();
  };
  const later = () => {
    if (stale) reload();
  };
  document.addEventListener('visibilitychange', later);
  if (find) find.addEventListener('blur', later);

  // Who reads further up stays there; who is at the end sees what comes.
  const log = document.getElementById('log');
  const append = (lines) => {
    if (!log) return;
    const own = log.scrollHeight > log.clientHeight;
    const box = own ? log : document.documentElement;
    const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 40;
    for (const line of lines) log.append(`${line}\n`);
    while (log.childNodes.length > 2000) log.firstChild.remove();
    if (atEnd) box.scrollTop = box.scrollHeight;
  };
  if (log?.classList.contains('tail')) log.scrollTop = log.scrollHeight;

  const apply = (change) => {
    if (change.reload) {
      reload();
      return;
    }
    if (change.lines) append(change.lines);
    for (const { id, text, name } of change.parts || []) {
      const part = document.getElementById(id);
      if (!part) continue;
      part.textContent = text;
      if (name !== undefined) part.className = name;
      if (id === 'job-state' && document.body.dataset.atEnd === 'reload') location.reload();
    }
  };

  const listen = () => {
    if (!stream) return;
    const source = new EventSource(stream);
    source.addEventListener('open', () => say(true));
    source.addEventListener('error', () => say(false));
    source.addEventListener('message', (event) => apply(JSON.parse(event.data)));
    source.addEventListener('lost', reload);
    // A page that goes away lets its stream go at once.
    window.addEventListener('pagehide', () => source.close());
  };
  listen();
})();
