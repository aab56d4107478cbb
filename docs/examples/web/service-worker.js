// Keeps the application itself, so that it starts without a network. The data needs none of this: it is in a file of this browser.
// ASSETS is put in by vite.config.ts: every file of the build. Its name changes with any of them.
const ASSETS = [];
const CACHE = "holdfast-notes";

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(ASSETS)));
  // An old version without its scripts would be a blank page: the new one takes over with the next load.
  self.skipWaiting();
});

self.addEventListener("activate", (event) => {
  const removeOld = caches.keys().then((names) => Promise.all(names.filter((name) => name !== CACHE).map((name) => caches.delete(name))));
  event.waitUntil(Promise.all([removeOld, self.clients.claim()]));
});

self.addEventListener("fetch", (event) => {
  if (event.request.method !== "GET" || new URL(event.request.url).origin !== location.origin) return;
  const wanted = event.request.mode === "navigate" ? "/" : event.request;
  // Servers say "Vary: Origin" for the sake of others; here everything is of one origin.
  event.respondWith(caches.open(CACHE).then(async (cache) => (await cache.match(wanted, { ignoreVary: true })) ?? fetch(event.request)));
});
