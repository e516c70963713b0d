// Makes the pages livelier. All of them work without it.
(() => {
  "use strict";
  const lang = document.documentElement.lang;
  const all = (selector, within = document) => Array.from(within.querySelectorAll(selector));

  // Times: the reader's own clock beside the group's, where they differ.
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const clock = (at, zone) =>
    new Intl.DateTimeFormat(lang, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: zone }).format(at);
  const localTimes = (within) => {
    for (const time of all("time[data-zone]", within)) {
      const at = new Date(time.dateTime);
      if (clock(at, own) !== clock(at, time.dataset.zone)) {
        time.title = `${clock(at, own)} (${own})`;
        if ("countdown" in time.dataset) time.append(` · ${time.title}`);
      }
    }
  };

  // Countdowns, by the server's clock as this page was made.
  const two = (n) => String(n).padStart(2, "0");
  const countdowns = () => {
    for (const time of all("time[data-countdown]")) {
      const shown = time.parentElement.querySelector("[data-left]");
      const left = Math.floor((new Date(time.dateTime) - Date.now()) / 1000);
      if (!shown || left < 0) continue;
      const days = Math.floor(left / 86400);
      const hours = two(Math.floor((left % 86400) / 3600));
      shown.textContent = `${days ? `${days} ${time.dataset.countdown} ` : ""}${hours}:${two(Math.floor((left % 3600) / 60))}:${two(left % 60)}`;
      shown.classList.add("ticking");
    }
  };

  // Live parts: fetched anew with the page and put in place; what a reader is typing in stays.
  const refresh = async () => {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store" });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of all("[data-live]")) {
      const now = fresh.getElementById(part.id);
      if (now && now.innerHTML !== part.dataset.was && !part.contains(document.activeElement)) {
        const was = now.innerHTML;
        part.replaceWith(document.adoptNode(now));
        now.dataset.was = was;
        localTimes(now);
      }
    }
    for (const part of fresh.querySelectorAll("[data-live]")) {
      if (!document.getElementById(part.id)) return location.reload();
    }
    if (all("[data-again]").length && !fresh.querySelector("[data-again]")) location.reload();
    countdowns();
  };

  // A group's progress: asked for often and cheaply; only when it changed is the page looked at again.
  const EVERY = 4000;
  let tag = null;
  const watch = async () => {
    const part = document.querySelector("[data-progress]");
    if (!part) return;
    if (!document.hidden) {
      try {
        const answer = await fetch(part.dataset.progress, { headers: tag ? { "If-None-Match": tag } : {}, cache: "no-store" });
        if (answer.status === 200) {
          const fresh = answer.headers.get("ETag");
          if (tag && fresh !== tag) await refresh();
          tag = fresh;
        }
      } catch { /* offline: the next round may work */ }
    }
    setTimeout(watch, EVERY);
  };
  const again = () => {
    const waiting = document.querySelector("[data-again]");
    if (!waiting) return;
    setTimeout(async () => {
      try { if (!document.hidden) await refresh(); } catch { /* offline */ }
      again();
    }, waiting.dataset.again * 1000);
  };

  // The sum under a form to join.
  for (const form of all("form[data-total]")) {
    const shown = form.querySelector("[data-sum]");
    const money = new Intl.NumberFormat(lang, { style: "currency", currency: form.dataset.total, currencyDisplay: "narrowSymbol" });
    const digits = money.resolvedOptions().maximumFractionDigits;
    const add = () => {
      const sum = all("[data-price]", form).reduce((total, input) => total + Math.max(0, input.value | 0) * input.dataset.price, 0);
      shown.hidden = !sum;
      shown.querySelector("strong").textContent = money.format(sum / 10 ** digits);
    };
    form.addEventListener("input", add);
    add();
  }

  // A picture is made light before it is sent: 720 pixels wide at most, and no more bytes than asked for.
  for (const form of all("form[data-shrink]")) {
    const field = form.querySelector("input[type=file]");
    field.addEventListener("change", async () => {
      const [file] = field.files;
      if (!file || file.size <= form.dataset.shrink) return;
      const button = form.querySelector("button");
      button.disabled = true;
      try {
        const picture = await createImageBitmap(file);
        const canvas = document.createElement("canvas");
        for (const [width, quality] of [[720, 0.75], [640, 0.65], [560, 0.55], [480, 0.45], [400, 0.35]]) {
          const scale = Math.min(1, width / picture.width);
          canvas.width = Math.round(picture.width * scale);
          canvas.height = Math.round(picture.height * scale);
          canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
          const made = await new Promise((done) => canvas.toBlob(done, "image/webp", quality));
          if (made && made.type === "image/webp" && made.size <= form.dataset.shrink) {
            const held = new DataTransfer();
            held.items.add(new File([made], "picture.webp", { type: made.type }));
            field.files = held.files;
            break;
          }
        }
      } catch { /* no picture: the server says so */ } finally { button.disabled = false; }
    });
  }

  // A form is sent once.
  addEventListener("submit", (event) => {
    const button = event.submitter;
    if (button) setTimeout(() => { button.disabled = true; });
  });
  addEventListener("pageshow", () => all("button:disabled").forEach((button) => { button.disabled = false; }));

  // A share link: sent by the phone's own sheet, else copied.
  for (const button of all("[data-share]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const url = button.dataset.share;
      try {
        if (navigator.share) return await navigator.share({ title: button.dataset.title, url });
        await navigator.clipboard.writeText(url);
        button.textContent = button.dataset.done;
      } catch { document.getElementById("address").select(); }
    });
  }
  for (const field of all("[data-select]")) field.addEventListener("focus", () => field.select());

  // Counts a visitor once, under a random name that this browser keeps.
  const viewed = document.querySelector("[data-view]");
  if (viewed) {
    try {
      const name = localStorage.tuanVisitor || (localStorage.tuanVisitor = crypto.getRandomValues(new Uint32Array(4)).join("-"));
      const tell = (more) => fetch(viewed.dataset.view, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ visitor: name, ...more }), keepalive: true });
      tell({});
      for (const button of all("[data-share]")) button.addEventListener("click", () => tell({ shared: true }));
      let since = Date.now();
      addEventListener("visibilitychange", () => {
        const seconds = Math.min(1800, Math.round((Date.now() - since) / 1000));
        if (document.hidden && seconds > 1) tell({ stayed_s: seconds });
        since = Date.now();
      });
    } catch { /* storage is off: not counted */ }
  }

  // News that a person has on the screen is read; a machine that only fetches the page runs no script.
  for (const form of all("form[data-opened]")) fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)), redirect: "manual", keepalive: true }).catch(() => {});

  // A file that is not text has to be asked for by its type.
  for (const button of all("[data-file]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const answer = await fetch(button.dataset.file, { headers: { Accept: button.dataset.accept || "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" } });
      if (!answer.ok) return;
      const link = document.createElement("a");
      link.href = URL.createObjectURL(await answer.blob());
      link.download = button.dataset.file.split("?")[0].split("/").slice(-2).join("-");
      link.click();
    });
  }

  for (const problem of all("[data-focus]")) problem.focus();
  localTimes(document);
  countdowns();
  setInterval(countdowns, 1000);
  watch();
  again();
})();
