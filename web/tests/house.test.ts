import { describe, expect, it } from "vitest";

const modules = import.meta.glob<string>("../src/**/*.ts", { query: "?raw", import: "default", eager: true });

/** The module that a path means, seen from another module. */
function target(from: string, path: string): string {
  const parts = from.split("/").slice(0, -1);
  for (const step of path.split("/")) {
    if (step === ".") continue;
    if (step === ".." && parts.at(-1) !== "..") parts.pop();
    else parts.push(step);
  }
  return `${parts.join("/")}.ts`;
}

/** What a module imports of the page, types included. */
function importsOf(name: string): string[] {
  const found = [...(modules[name] ?? "").matchAll(/from "(\.[^"]+)"/g)].map(([, path]) => target(name, path as string));
  return found.filter((path) => path in modules);
}

/** The modules that are left when those whose imports are all gone are taken away, again and again. */
function inCircles(): string[] {
  let left = Object.keys(modules);
  for (;;) {
    const next = left.filter((name) => importsOf(name).some((path) => left.includes(path)));
    if (next.length === left.length) return next;
    left = next;
  }
}

describe("the sources of the page", () => {
  it("are found by this test", () => {
    expect(importsOf("../src/modes/table.ts")).toContain("../src/modes/live.ts");
    expect(importsOf("../src/modes/live.ts")).toContain("../src/live.ts");
  });

  it("import each other in no circle, types included", () => {
    expect(inCircles()).toEqual([]);
  });
});
