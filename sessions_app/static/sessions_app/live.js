// A session's page follows its session: it learns the session's version, and asks for itself anew when that moved.
// What the reader has opened, written and focused stays (see admin.js).
"use strict";

(() => {
  const POLL = 3000;
  const SLOW_POLL = 15000;
  const SLOW_AFTER = 5 * 60 * 1000;
  const TOLD_FOR = 4000;
  const GONE = [401, 403, 404];

  const status = document.getElementById("live");
  if (!status) return;

  let source = null;
  let timer = null;
  let isPolling = false;
  let isRefreshing = false;
  let wanted = 0;
  let movedAt = Date.now();

  const shown = () => Number(document.getElementById("session").dataset.version);

  let usual = "";
  let restore = null;
  const say = (key) => {
    clearTimeout(restore);
    const isLost = key === "isLost" || key === "isGone";
    const text = status.dataset[key];
    status.classList.toggle("vcl-lost", isLost);
    if (status.textContent !== text) status.textContent = text;
    if (key === "isUpdated") restore = setTimeout(() => say(usual), TOLD_FOR);
    else if (!isLost) usual = key;
  };

  const stop = () => {
    if (source) source.close();
    source = null;
    clearTimeout(timer);
    timer = null;
  };

  const giveUp = () => {
    stop();
    isPolling = true;
    say("isGone");
    document.removeEventListener("visibilitychange", wake);
  };

  // The page as it is now, laid over the one that is shown.
  const refresh = async () => {
    if (isRefreshing) return;
    isRefreshing = true;
    try {
      const answer = await fetch(location.pathname + location.search, { headers: { "X-Requested-With": "live" } });
      if (GONE.includes(answer.status) || (answer.ok && answer.redirected)) return giveUp();
      if (!answer.ok) return say("isLost");
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const now = page.getElementById("session");
      if (!now) return giveUp();
      Idiomorph.morph(document.getElementById("session"), now, { morphStyle: "outerHTML" });
      document.title = page.title;
      htmx.process(document.getElementById("session"));
      movedAt = Date.now();
      say("isUpdated");
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      say("isLost"); // the network: the next word of the server tries again
    } finally {
      isRefreshing = false;
    }
    if (wanted > shown()) setTimeout(refresh, 250);
  };

  const heard = (version) => {
    wanted = Math.max(wanted, version);
    if (status.classList.contains("vcl-lost") || !usual) say(isPolling ? "isAsking" : "isLive");
    if (version > shown()) refresh();
  };

  const poll = async () => {
    timer = null;
    try {
      const answer = await fetch(status.dataset.poll, { headers: { Accept: "application/json" } });
      if (GONE.includes(answer.status) || answer.redirected) return giveUp();
      if (answer.ok) heard((await answer.json()).version);
      else say("isLost");
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      say("isLost");
    }
    if (!document.hidden) timer = setTimeout(poll, Date.now() - movedAt > SLOW_AFTER ? SLOW_POLL : POLL);
  };

  const listen = () => {
    source = new EventSource(status.dataset.live);
    source.addEventListener("changed", (event) => heard(JSON.parse(event.data).version));
    source.addEventListener("error", () => {
      if (source.readyState === EventSource.CLOSED) {
        // The server doesn't speak by itself, or not to this reader: asking tells which.
        source = null;
        isPolling = true;
        poll();
      } else {
        say("isLost");
      }
    });
  };

  // A page that nobody looks at asks for nothing, and leaves its connection to others.
  const wake = () => {
    stop();
    if (document.hidden) return;
    if (isPolling) poll();
    else listen();
  };

  document.addEventListener("visibilitychange", wake);
  window.addEventListener("pagehide", stop);
  window.addEventListener("pageshow", (event) => event.persisted && wake());
  wake();
})();
