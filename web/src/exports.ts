/** Files: every format that the service writes, with its options, saved in the photo's own size. */
import { type Failure, getPlugins, post } from "./client";
import { byId, make, show } from "./dom";
import { hand, stem, suffixOf } from "./downloads";
import type { Result } from "./estimate";
import { failureInWords, failureOf } from "./failures";
import { Fields } from "./fields";
import { language, say } from "./language";
import { formatName, inOrder, showSummary } from "./names";
import { type Plugin, queryOf } from "./options";

let plugins: Plugin[] = [];
let result: Result | null = null;
let tellFailure: (failure: Failure, retry: () => void) => boolean = () => false;
const kept = new Map<string, Map<string, string>>();

/** ``onFailure`` hears of failures first; true where it has told them itself. */
export function startExports(onFailure: typeof tellFailure): void {
  tellFailure = onFailure;
}

export async function openExports(): Promise<void> {
  try {
    if (!plugins.length) plugins = inOrder(await getPlugins("exports"));
    showFormats();
  } catch (error) {
    failed(error, () => void openExports());
  }
}

export function exportsOf(found: Result | null): void {
  result = found;
  show(byId("export-problem"), false);
}

/** The formats, in the language of now, their options as they were left. */
export function showFormats(): void {
  byId("export-list").replaceChildren(...plugins.map(card));
}

function card(plugin: Plugin): HTMLElement {
  const title = formatName(language(), plugin.name);
  const values = kept.get(plugin.name) ?? new Map<string, string>();
  kept.set(plugin.name, values);
  const button = make("button", { type: "button", className: "button small" }, say("save"));
  button.dataset.format = plugin.name;
  button.setAttribute("aria-label", say("saveFormat", { format: `${title} ${plugin.suffix ?? ""}` }));
  const head = make(
    "div",
    { className: "export-head" },
    make("h3", {}, title, make("span", { className: "meta" }, ` ${plugin.suffix ?? ""}`)),
    button,
  );
  const summary = make("p", { className: "help" });
  showSummary(summary, plugin);
  const item = make("li", {}, head, summary);
  let fields: Fields | null = null;
  if (plugin.options.length) {
    const form = make("form", { className: "fields narrow", noValidate: true });
    fields = new Fields(form, `export-${plugin.name}`, plugin.options, () => {
      for (const [name, text] of fields?.values ?? []) values.set(name, text);
    });
    fields.fill(values);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void save(plugin, button, fields);
    });
    item.append(make("details", {}, make("summary", {}, say("options")), form));
  }
  button.addEventListener("click", () => void save(plugin, button, fields));
  return item;
}

async function save(plugin: Plugin, button: HTMLButtonElement, fields: Fields | null): Promise<void> {
  if (!result) return;
  const on = result;
  button.disabled = true;
  show(byId("export-problem"), false);
  fields?.mark("");
  byId("spoken").textContent = say("saving");
  try {
    const query = queryOf(plugin.options, fields?.values ?? new Map(), on, on);
    const answer = await post(
      `v1/exports/${plugin.name}`,
      { image: on.shot.file },
      on.shot.name,
      { ...query, model: on.model },
      () => undefined,
      new AbortController().signal,
    );
    const name = `${stem(on.shot.name)}.depth${suffixOf(answer)}`;
    hand(new Blob([answer.body], { type: answer.header("Content-Type") }), name);
    byId("spoken").textContent = say("saved", { name });
  } catch (error) {
    failed(error, () => void save(plugin, button, fields), fields);
  } finally {
    button.disabled = false;
  }
}

function failed(error: unknown, retry: () => void, fields: Fields | null = null): void {
  const failure = failureOf(error);
  if (tellFailure(failure, retry)) return;
  const isRefused = failure.code === "parameter";
  const words = isRefused ? say("optionRefused") : failureInWords(failure, result?.shot.name ?? "");
  const detail = failure.detail ? [make("q", { lang: "en", className: "detail" }, failure.detail)] : [];
  byId("export-problem").replaceChildren(make("p", {}, words), ...detail);
  show(byId("export-problem"), true);
  fields?.mark(failure.parameter);
}
