/* Takes photos that other apps share with this one, and hands them to the page. All else goes to the network. */
const BOX = "nearfar-shared";

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const scope = new URL(self.registration.scope);
  if (request.method !== "POST" || request.url !== new URL("share-target", scope).href) return;
  event.respondWith(take(request, scope));
});

async function take(request, scope) {
  const photos = (await request.formData()).getAll("photos");
  const box = await caches.open(BOX);
  for (const [index, photo] of photos.entries()) {
    const headers = { "Content-Type": photo.type, "X-Name": encodeURIComponent(photo.name) };
    await box.put(new URL(`shared/${index}`, scope), new Response(photo, { headers }));
  }
  return Response.redirect(new URL("?shared", scope), 303);
}
