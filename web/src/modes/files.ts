/** Files: every format that the service writes, with its options, saved in the photo's own size. */
import { lookOf } from "../estimate";
import { getPlugins, post } from "../client";
import { byId, make, show } from "../dom";
import { hand, stem, suffixOf } from "../downloads";
import { failureInWords, failureOf } from "../failures";
import { Fields } from "../fields";
import { language, say } from "../language";
import { formatName, inOrder, showSummary } from "../names";
import { type Plugin, queryOf } from "../options";
import { reportKeyed } from "../problem";
import { state } from "../state";
import type { Mode } from "./mode";

export class FilesMode implements Mode {
  private plugins: Plugin[] = [];
  /** The values of each format as they were left, by its name. */
  private readonly kept = new Map<string, Map<string, string>>();

  open(): void {
    show(byId("files"), true);
    void this.begin();
  }

  close(): void {
    show(byId("files"), false);
  }

  words(): void {
    byId("export-list").replaceChildren(...this.plugins.map((plugin) => this.card(plugin)));
  }

  forget(): void {
    show(byId("export-problem"), false);
  }

  private async begin(): Promise<void> {
    try {
      if (!this.plugins.length) this.plugins = inOrder(await getPlugins("exports"));
      this.words();
    } catch (error) {
      fail(error, () => void this.begin());
    }
  }

  private card(plugin: Plugin): HTMLElement {
    const values = this.kept.get(plugin.name) ?? new Map<string, string>();
    this.kept.set(plugin.name, values);
    return card(plugin, values);
  }
}

/** A format: what it is, its options with the values as they were left, and its button. */
function card(plugin: Plugin, values: Map<string, string>): HTMLElement {
  const title = formatName(language(), plugin.name);
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
  const on = state.result;
  if (!on) return;
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
      { ...query, ...lookOf(on) },
      () => undefined,
      new AbortController().signal,
    );
    const name = `${stem(on.shot.name)}.depth${plugin.suffix ?? suffixOf(answer)}`;
    hand(new Blob([answer.body], { type: answer.header("Content-Type") }), name);
    byId("spoken").textContent = say("saved", { name });
  } catch (error) {
    fail(error, () => void save(plugin, button, fields), fields);
  } finally {
    button.disabled = false;
  }
}

function fail(error: unknown, retry: () => void, fields: Fields | null = null): void {
  const failure = failureOf(error);
  if (reportKeyed(failure, retry)) return;
  const isRefused = failure.code === "parameter";
  const words = isRefused ? say("optionRefused") : failureInWords(failure, state.result?.shot.name ?? "");
  const detail = failure.detail ? [make("q", { lang: "en", className: "detail" }, failure.detail)] : [];
  byId("export-problem").replaceChildren(make("p", {}, words), ...detail);
  show(byId("export-problem"), true);
  fields?.mark(failure.parameter);
}
