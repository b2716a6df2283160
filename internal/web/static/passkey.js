/* Learnspace: passkeys. A form with data-passkey is shown where the browser knows them; its address with /begin gives the options, and the answer goes into the form. */
(() => {
  if (!window.PublicKeyCredential || !navigator.credentials) return;
  const bytes = s => Uint8Array.from(atob(s.replace(/-/g, '+').replace(/_/g, '/')), c => c.charCodeAt(0));
  const text = b => btoa(String.fromCharCode(...new Uint8Array(b))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
  const ids = list => (list || []).map(c => ({ ...c, id: bytes(c.id) }));
  const ask = async o => {
    const k = o.publicKey, make = !!k.user;
    const key = { ...k, challenge: bytes(k.challenge) };
    if (make) { key.user = { ...k.user, id: bytes(k.user.id) }; key.excludeCredentials = ids(k.excludeCredentials); } else key.allowCredentials = ids(k.allowCredentials);
    const c = await navigator.credentials[make ? 'create' : 'get']({ publicKey: key });
    const r = { clientDataJSON: text(c.response.clientDataJSON) };
    if (make) { r.attestationObject = text(c.response.attestationObject); r.transports = c.response.getTransports ? c.response.getTransports() : []; } else {
      r.authenticatorData = text(c.response.authenticatorData); r.signature = text(c.response.signature);
      if (c.response.userHandle) r.userHandle = text(c.response.userHandle);
    }
    return { id: c.id, rawId: text(c.rawId), type: c.type, response: r, clientExtensionResults: c.getClientExtensionResults(), authenticatorAttachment: c.authenticatorAttachment || undefined };
  };
  document.querySelectorAll('form[data-passkey]').forEach(f => {
    f.hidden = false;
    f.addEventListener('submit', async e => {
      e.preventDefault();
      const say = f.querySelector('[data-passkey-error]'); say.textContent = '';
      try {
        const res = await fetch(f.getAttribute('action') + '/begin', { method: 'POST', body: new URLSearchParams(new FormData(f)) });
        const o = await res.json();
        if (!res.ok) { say.textContent = o.error || say.dataset.words; return; }
        f.elements.state.value = o.state;
        f.elements.answer.value = JSON.stringify(await ask(o.options));
        f.submit();
      } catch (err) { say.textContent = say.dataset.words; }
    });
  });
})();
