/* Learnspace: what script adds. Without it every page can be read, filled in and sent. */
(() => {
  const $ = (s, r = document) => r.querySelector(s), $$ = (s, r = document) => [...r.querySelectorAll(s)];
  const root = document.documentElement;
  root.classList.add('js');

  /* Appearance: the server sends the page in the chosen colours; where it follows the system, the switch asks for the other one. */
  const theme = $('[data-theme-toggle]');
  if (theme && !root.dataset.theme) theme.value = matchMedia('(prefers-color-scheme: dark)').matches ? 'light' : 'dark';

  /* A form that came back: the summary first. */
  $('[data-focus]')?.focus();

  /* Short messages; nothing stands in them that is not on the page too. */
  const toast = text => {
    const box = $('.toasts'); if (!box || !text) return;
    const d = document.createElement('div'); d.className = 'toast'; d.textContent = text;
    box.append(d); setTimeout(() => d.remove(), 5000);
  };
  document.addEventListener('toast', e => toast(e.detail && (e.detail.text || e.detail.value)));

  document.addEventListener('click', e => {
    const t = e.target, open = t.closest('[data-open]');
    if (open) {
      const d = document.getElementById(open.dataset.open);
      if (d && d.showModal) { e.preventDefault(); d.showModal(); }
    }
    if (t.closest('[data-close]')) t.closest('dialog')?.close();
    if (t.closest('[data-print]')) print();
    const copy = t.closest('[data-copy]');
    if (copy) navigator.clipboard?.writeText(copy.dataset.copy).then(() => { copy.setAttribute('data-done', ''); toast(copy.dataset.copied); });
    $$('details[data-menu][open]').forEach(m => { if (!m.contains(t)) m.open = false; });
  });
  document.addEventListener('keydown', e => {
    if (e.key !== 'Escape') return;
    $$('details[data-menu][open]').forEach(m => { m.open = false; $('summary', m).focus(); });
  });

  /* One click, one sending. The pressed button is marked after its value is in the form. */
  document.addEventListener('submit', e => {
    const f = e.target;
    if (f.method === 'dialog' || e.defaultPrevented) return;
    if (f.dataset.sent) { e.preventDefault(); return; }
    if (f.target === '_blank' || f.hasAttribute('data-again')) return;
    f.dataset.sent = '1';
    const b = e.submitter; if (b) b.setAttribute('aria-busy', 'true');
    setTimeout(() => release(f), 15000);
  });
  const release = f => { delete f.dataset.sent; $$('[aria-busy]', f).forEach(b => b.removeAttribute('aria-busy')); };
  addEventListener('pageshow', e => { if (e.persisted) $$('form[data-sent]').forEach(release); });
  document.addEventListener('htmx:afterRequest', e => { const f = e.target.closest?.('form'); if (f) release(f); });
  document.addEventListener('htmx:sendError', () => toast($('.toasts')?.dataset.offline));

  /* Activation codes: capitals in groups of four. */
  document.addEventListener('input', e => {
    const i = e.target; if (!i.matches?.('[data-code]')) return;
    const end = i.selectionStart === i.value.length;
    const v = (i.value.toUpperCase().replace(/[^0-9A-Z]/g, '').slice(0, 24).match(/.{1,4}/g) || []).join('-');
    if (v !== i.value && end) i.value = v;
  });

  /* Whoever types a password on a phone may look at it; it goes out hidden. */
  document.addEventListener('change', e => {
    const box = e.target; if (!box.dataset?.show) return;
    const i = document.getElementById(box.dataset.show); if (i) i.type = box.checked ? 'text' : 'password';
  });
  document.addEventListener('submit', e => $$('[data-show]', e.target).forEach(b => { const i = document.getElementById(b.dataset.show); if (i) i.type = 'password'; b.checked = false; }));

  /* Narrow screens begin with filters folded. */
  if (matchMedia('(max-width: 59.99rem)').matches) $$('details.fold[data-fold]').forEach(d => { d.open = false; });

  /* The bottom bar shows where one is. */
  const here = $('.side-list [aria-current]');
  if (here && here.scrollIntoView && matchMedia('(max-width: 63.99rem)').matches) { const l = here.closest('ul'); l.scrollLeft = here.offsetLeft - l.clientWidth / 2; }
})();
