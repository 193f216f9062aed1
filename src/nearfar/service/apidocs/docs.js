// Renders /openapi.json and the form that tries POST /v1/depth. Text is only ever set as text.
const DEPTH = "/v1/depth";

/** An element with attributes and children; strings become text. */
function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

function table(heads, rows) {
  const head = element("tr", {}, ...heads.map((text) => element("th", {}, text)));
  const body = rows.map((row) => element("tr", {}, ...row.map((cell) => element("td", {}, cell))));
  return element("table", {}, element("thead", {}, head), element("tbody", {}, ...body));
}

const code = (text) => element("code", {}, text);

/** A schema in a few words: its type, its choices, its limits. */
function words(schema) {
  if (schema.$ref) return schema.$ref.split("/").pop();
  if (schema.enum) return schema.enum.join(" | ");
  const limits = [schema.minimum, schema.maximum].some((n) => n !== undefined)
    ? ` ${schema.minimum ?? "…"} to ${schema.maximum ?? "…"}` : "";
  const standard = schema.default !== undefined ? `, default ${schema.default}` : "";
  return `${schema.format ?? schema.type ?? ""}${limits}${standard}`;
}

function operation(path, method, row) {
  const parts = [element("summary", {}, element("b", {}, method.toUpperCase()), code(path), ` ${row.summary ?? ""}`)];
  if (row.description) parts.push(element("p", {}, row.description.replaceAll("`", "")));
  if (row.parameters?.length) {
    parts.push(element("h3", {}, "Query"),
      table(["Name", "Values", "Meaning"], row.parameters.map((p) => [code(p.name), words(p.schema), p.description])));
  }
  if (row.requestBody) {
    parts.push(element("h3", {}, "Body"), element("p", {}, Object.keys(row.requestBody.content).join(", ")));
  }
  parts.push(element("h3", {}, "Answers"), table(["Status", "Meaning", "Media types"],
    Object.entries(row.responses).map(([status, r]) =>
      [status, r.description, Object.keys(r.content ?? {}).join(", ")])));
  const headers = Object.entries(row.responses["200"]?.headers ?? {});
  if (headers.length) {
    parts.push(element("h3", {}, "Headers of the answer"),
      table(["Name", "Meaning"], headers.map(([name, h]) => [code(name), h.description])));
  }
  return element("details", path === DEPTH ? { open: "" } : {}, ...parts);
}

/** A form field for one query parameter. */
function field({ name, schema, description }) {
  const attributes = { name, title: description };
  if (schema.enum) {
    const choices = ["", ...schema.enum].map((value) => element("option", { value }, value || "—"));
    return element("label", {}, name, element("select", attributes, ...choices));
  }
  const hint = String(schema.default ?? schema.examples?.[0] ?? "");
  return element("label", {}, name, element("input", { ...attributes, placeholder: hint }));
}

async function show(response, place) {
  const type = response.headers.get("content-type") ?? "";
  const meaning = [...response.headers].filter(([name]) => name.startsWith("nearfar-") || name === "server-timing");
  place.replaceChildren(element("p", {}, `${response.status} ${type}`),
    table(["Header", "Value"], meaning.map(([name, value]) => [code(name), value])));
  if (type.includes("json")) {
    const text = JSON.stringify(await response.json(), (_, v) =>
      typeof v === "string" && v.length > 200 ? `${v.slice(0, 60)}… (${v.length} characters)` : v, 2);
    place.append(element("pre", {}, code(text)));
    return;
  }
  const address = URL.createObjectURL(await response.blob());
  const name = /filename="([^"]+)"/.exec(response.headers.get("content-disposition") ?? "")?.[1] ?? "depth";
  if (type.startsWith("image/")) place.append(element("img", { src: address, alt: "The answer" }));
  place.append(element("a", { href: address, download: name }, `Download ${name}`));
}

/** The key that was typed here, else the one that the page has for this tab. */
function keyHeaders() {
  const key = document.getElementById("key").value.trim() || sessionStorage.getItem("nearfar-key");
  return key ? { Authorization: `Bearer ${key}` } : {};
}

async function submit(event) {
  event.preventDefault();
  const form = new FormData(event.target);
  const query = new URLSearchParams();
  for (const [name, value] of form) if (name !== "image" && value !== "") query.set(name, value);
  const body = new FormData();
  body.set("image", form.get("image"));
  const place = document.getElementById("answer");
  place.replaceChildren("…");
  try {
    await show(await fetch(`.${DEPTH}?${query}`, { method: "POST", body, headers: keyHeaders() }), place);
  } catch (error) {
    place.replaceChildren(`The service did not answer: ${error.message}`);
  }
}

const api = await (await fetch("openapi.json")).json();
document.getElementById("version").textContent = api.info.version;
for (const node of document.querySelectorAll(".origin")) node.textContent = location.origin;
document.getElementById("paths").replaceChildren(...Object.entries(api.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, row]) => operation(path, method, row))));
document.getElementById("fields").replaceChildren(...api.paths[DEPTH].post.parameters.map(field));
document.getElementById("form").addEventListener("submit", submit);
