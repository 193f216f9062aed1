/* The studio without a network: every file is kept at the first visit, and answered from there ever after. */
const KEPT = "nearfar-studio-VERSION";
const FILES = [];
const BOX = "nearfar-shared"; // the same in ../src/installed.ts

self.addEventListener("install", (event) => event.waitUntil(keepAll().then(() => self.skipWaiting())));
self.addEventListener("activate", (event) => event.waitUntil(dropOld().then(() => self.clients.claim())));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const scope = new URL(self.registration.scope);
  if (request.method === "POST" && request.url === new URL("share-target", scope).href) event.respondWith(take(request, scope));
  else if (request.method === "GET" && request.url.startsWith(scope.href)) event.respondWith(answer(request, scope));
});

async function keepAll() {
  const box = await caches.open(KEPT);
  await box.addAll(FILES.map((name) => new Request(new URL(name, self.registration.scope), { cache: "no-cache" })));
}

async function dropOld() {
  const old = (await caches.keys()).filter((name) => name.startsWith("nearfar-studio-") && name !== KEPT);
  await Promise.all(old.map((name) => caches.delete(name)));
}

async function answer(request, scope) {
  const box = await caches.open(KEPT);
  const wanted = request.mode === "navigate" && new URL(request.url).pathname === scope.pathname ? new URL("index.html", scope) : request;
  return (await box.match(wanted, { ignoreSearch: true })) ?? fetch(request);
}

/* Photos that other apps share with this one, handed to the page. */
async function take(request, scope) {
  const photos = (await request.formData()).getAll("photos");
  const box = await caches.open(BOX);
  for (const [index, photo] of photos.entries()) {
    const headers = { "Content-Type": photo.type, "X-Name": encodeURIComponent(photo.name) };
    await box.put(new URL(`shared/${index}`, scope), new Response(photo, { headers }));
  }
  return Response.redirect(new URL("?shared", scope), 303);
}
